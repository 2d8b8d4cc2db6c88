//! The record by which this program goes on with its session after the computer was restarted: one file of this person's,
//! readable by nobody else, sealed to this machine, and removed before anything is done with it but to see that it is one.
//! Where the system's keyring serves for it ([`farhand_agent_host::keyring`] says where), the file opens only by a key that
//! lies there, and goes from there with the file.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use farhand_agent_core::resume::{MAX_RECORD, Record, RecordError};
use farhand_agent_host::keyring::{Backend, Keyring, KeyringError, open_keyring};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

use crate::config;
use crate::receipt::keep;

/// How a file begins, and its form.
const MAGIC: &[u8; 4] = b"FHRS";
/// What a form's key is for.
const PURPOSE: &[u8] = b"farhand resume ";
/// Random bytes that no other record has; they name the key in the keyring.
const ID: usize = 16;
/// Magic, form, these bytes and the nonce.
const HEAD: usize = MAGIC.len() + 1 + ID + NONCE_LEN;
const TAG: usize = 16;
/// The largest file, in bytes.
const LIMIT: u64 = (MAX_RECORD + HEAD + TAG) as u64;
/// The key in the keyring, in bytes.
const SECRET: usize = 32;

/// Why there is nothing to go on with.
#[derive(Debug, thiserror::Error)]
pub enum NoRecord {
    /// There is no record.
    #[error("there is no session to go on with")]
    None,
    /// It cannot be read or removed.
    #[error("the record of the session cannot be taken: {0}")]
    Io(#[from] io::Error),
    /// The keyring does not say whether it has the key.
    #[error("the keyring does not give out the key to the record of the session: {0}")]
    Keyring(#[from] KeyringError),
    /// The keyring has no key to it: somebody else took it out, or the file is a copy.
    #[error("the key to the record of the session is not in the keyring any more")]
    NoKey,
    /// It was not sealed on this machine, or was changed.
    #[error("the record of the session is of another computer, or was changed")]
    Foreign,
    /// It is none.
    #[error(transparent)]
    Wrong(#[from] RecordError),
}

/// Why there is no record afterwards.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// The file system's reason.
    #[error("the record of the session cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The keyring's.
    #[error("the keyring does not take the key to the record of the session: {0}")]
    Keyring(#[from] KeyringError),
}

/// Where it lies, and its key.
#[derive(Clone, Debug)]
pub struct Place {
    file: Option<PathBuf>,
    keyring: Option<Arc<dyn Keyring>>,
}

impl Place {
    /// That of the person who runs this program.
    #[must_use]
    pub fn of_this_person() -> Self {
        let folder = |name: &str| keep::environment(name).filter(|path| path.is_absolute());
        let state = folder("XDG_STATE_HOME")
            .or_else(|| folder("LOCALAPPDATA"))
            .or_else(|| folder("HOME").map(|home| home.join(".local/state")));
        Self::in_folder(state.map(|state| state.join("farhand")), open_keyring(Backend::Auto))
    }

    /// In this folder, its key in this keyring; without one whoever has the file and knows the machine opens it.
    #[must_use]
    pub fn in_folder(folder: Option<PathBuf>, keyring: Option<Arc<dyn Keyring>>) -> Self {
        Self { file: folder.map(|folder| folder.join("resume")), keyring }
    }

    /// Keeps a record, sealed to this machine, under a key of its own. It takes the place of an older one.
    ///
    /// # Errors
    /// [`NotKept`]: there is none, or still the older one.
    pub fn keep(&self, record: &Record, machine: Option<&str>) -> Result<Kept, NotKept> {
        let file = self.file.clone().ok_or(io::Error::from(io::ErrorKind::NotFound))?;
        let secret = self.keyring.is_some().then(random);
        let kept = Kept { file, id: random(), secret };
        if let (Some(keyring), Some(secret)) = (&self.keyring, &kept.secret) {
            self.remove();
            let name = name(kept.id);
            put(&**keyring, &name, secret)
                .and_then(|()| Ok(kept.renew(record, machine)?))
                .inspect_err(|_| forget(&**keyring, &name))?;
        } else {
            kept.renew(record, machine)?;
        }
        Ok(kept)
    }

    /// Looks at the record, which stays: whether there is one that could be taken. One that could not is removed, but for
    /// one that wants its key, of which the person is told.
    ///
    /// # Errors
    /// [`NoRecord`].
    pub fn look(&self, machine: Option<&str>) -> Result<Record, NoRecord> {
        let path = self.file.as_deref().ok_or(NoRecord::None)?;
        let record = match keep::read(path, LIMIT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NoRecord::None),
            read => read.map_err(NoRecord::from).and_then(|file| self.of_file(&file, machine)),
        };
        if record.as_ref().is_err_and(|error| !matches!(error, NoRecord::Keyring(_) | NoRecord::NoKey)) {
            self.remove();
        }
        record
    }

    /// Takes the record: it is gone from the disk before it is looked at, its key is gone afterwards, and it can be used
    /// once.
    ///
    /// # Errors
    /// [`NoRecord`].
    pub fn take(&self, machine: Option<&str>) -> Result<Record, NoRecord> {
        let path = self.file.as_deref().ok_or(NoRecord::None)?;
        let (head, read) = (head(path), keep::read(path, LIMIT));
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NoRecord::None),
            removed => removed?,
        }
        sync_folder(path)?;
        let record = read.map_err(NoRecord::from).and_then(|file| self.of_file(&file, machine));
        self.forget_key(head);
        record
    }

    /// There is none any more.
    pub fn remove(&self) {
        let Some(path) = &self.file else { return };
        let head = head(path);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the record of a session cannot be removed");
            }
            Ok(()) | Err(_) => {}
        }
        // Also where the file stays: then nothing opens it.
        self.forget_key(head);
    }

    fn forget_key(&self, head: io::Result<Vec<u8>>) {
        if let (Some(keyring), Ok(head)) = (&self.keyring, head)
            && let Some(id) = id(&head)
        {
            forget(&**keyring, &name(id));
        }
    }

    fn of_file(&self, file: &[u8], machine: Option<&str>) -> Result<Record, NoRecord> {
        let secret = match (&self.keyring, id(file)) {
            (None, _) => None,
            (Some(keyring), Some(id)) => Some(secret(&**keyring, id)?.ok_or(NoRecord::NoKey)?),
            (Some(_), None) => return Err(NoRecord::Foreign),
        };
        let clear = open(file, secret, machine).ok_or(NoRecord::Foreign)?;
        Ok(Record::read(&clear)?)
    }
}

/// A record that lies there while its session goes on, with what it is sealed by. Debug output hides it.
pub struct Kept {
    file: PathBuf,
    id: [u8; ID],
    secret: Option<[u8; SECRET]>,
}

impl Kept {
    /// Writes the record down as it is now. The keyring, which has the key, is not asked again.
    ///
    /// # Errors
    /// The file system's: it stays what it was.
    pub fn renew(&self, record: &Record, machine: Option<&str>) -> io::Result<()> {
        config::replace(&self.file, &seal(&record.write(), self.id, self.secret, machine))?;
        sync_folder(&self.file)
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("file", &self.file).finish_non_exhaustive()
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the system has random bytes");
    bytes
}

/// What was renamed or removed in a folder stays so when the power goes out.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Name of a record's key in the keyring.
fn name(id: [u8; ID]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps a key, and sees that it was kept: nobody restarts a computer on a word.
fn put(keyring: &dyn Keyring, name: &str, secret: &[u8; SECRET]) -> Result<(), NotKept> {
    keyring.put(name, secret)?;
    match keyring.get(name)? {
        Some(there) if there == secret => Ok(()),
        Some(_) | None => Err(not_there().into()),
    }
}

/// A record's key; nothing where the keyring has none.
fn secret(keyring: &dyn Keyring, id: [u8; ID]) -> Result<Option<[u8; SECRET]>, KeyringError> {
    // What has another length is no key.
    Ok(keyring.get(&name(id))?.and_then(|bytes| bytes.try_into().ok()))
}

fn not_there() -> KeyringError {
    KeyringError { detail: "what was kept is not there".to_owned() }
}

fn forget(keyring: &dyn Keyring, name: &str) {
    if let Err(error) = keyring.remove(name) {
        // Without the file it opens nothing.
        tracing::warn!(%error, "the key to a record stays in the keyring");
    }
}

/// The form of a file: by the machine's number alone, or by a key in the keyring as well.
fn form(secret: Option<[u8; SECRET]>) -> u8 {
    if secret.is_some() { 2 } else { 1 }
}

/// What a file begins with, however long it is.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(HEAD as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes that are a file's own, if it is of the form that has a key in the keyring.
fn id(file: &[u8]) -> Option<[u8; ID]> {
    let rest = file.get(..HEAD)?.strip_prefix(MAGIC)?;
    let (form, rest) = rest.split_first()?;
    (*form == 2).then(|| *rest.first_chunk().expect("a head is so long"))
}

/// The key of a file: nobody has it who has the file alone, unless they know the machine's number too, and have what lies
/// in the keyring, where that serves.
fn key(id: &[u8], secret: Option<[u8; SECRET]>, machine: Option<&str>) -> LessSafeKey {
    let known =
        [secret.as_ref().map_or(&[][..], <[u8; SECRET]>::as_slice), machine.unwrap_or_default().as_bytes()];
    let extracted = Salt::new(HKDF_SHA256, id).extract(&known.concat());
    let info = [PURPOSE, &[b'0' + form(secret)]];
    let expanded = extracted.expand(&info, &AES_256_GCM).expect("32 bytes can be expanded");
    LessSafeKey::new(UnboundKey::from(expanded))
}

fn seal(clear: &[u8], id: [u8; ID], secret: Option<[u8; SECRET]>, machine: Option<&str>) -> Vec<u8> {
    let nonce = random::<NONCE_LEN>();
    let mut file = [MAGIC.as_slice(), &[form(secret)], &id, &nonce].concat();
    let head = file.clone();
    let mut text = clear.to_vec();
    key(&id, secret, machine)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&head), &mut text)
        .expect("a record is short enough to be sealed");
    file.extend_from_slice(&text);
    file
}

fn open(file: &[u8], secret: Option<[u8; SECRET]>, machine: Option<&str>) -> Option<Vec<u8>> {
    let (head, sealed) = file.split_at_checked(HEAD)?;
    let (form_of, rest) = head.strip_prefix(MAGIC)?.split_first()?;
    let (id, nonce) = rest.split_at(ID);
    if *form_of != form(secret) {
        return None;
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = sealed.to_vec();
    key(id, secret, machine).open_in_place(nonce, Aad::from(head), &mut text).ok().map(|clear| clear.to_vec())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use farhand_agent_core::resume::{Left, VERSION};
    use farhand_agent_host::keyring::fake::FakeKeyring;
    use farhand_protocol::api::{Joined, Policy};
    use farhand_protocol::consent::Carried;
    use farhand_protocol::rights::{Right, Rights};

    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    fn record() -> Record {
        Record {
            version: VERSION,
            written: NOW,
            until: NOW + 600_000,
            waits: NOW + 1_800_000,
            joined_at: NOW - 60_000,
            server: "https://help.example.org".into(),
            fingerprint: None,
            joined: Joined {
                session: "s-1".into(),
                token: "a secret token".into(),
                technician: "Ada".into(),
                organisation: "Help".into(),
                domain: None,
                ceiling: Policy::default(),
            },
            participant: 2,
            console: 1,
            technician: "Ada".into(),
            organisation: "Help".into(),
            resumption: [7; 32],
            seed: [8; 32],
            receipt: Some("2026-09-21 141320 UTC.farhand-receipt".into()),
            carried: Carried {
                rights: Rights::of(&[Right::View]),
                last_ask: 1_002,
                refusals: 0,
                revision: 1_009,
            },
            chat: 4,
            lock_at_end: None,
            answer_within: 60,
        }
    }

    #[test]
    fn a_record_is_taken_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(Some(folder.path().join("farhand")), None);
        place.keep(&record(), Some("machine")).unwrap();
        let path = folder.path().join("farhand/resume");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let bytes = std::fs::read(&path).unwrap();
        for word in ["a secret token", "help.example.org", "Ada"] {
            assert!(
                !bytes.windows(word.len()).any(|part| part == word.as_bytes()),
                "{word} lies there in clear"
            );
        }
        assert!(place.take(Some("machine")).unwrap() == record());
        assert!(!path.exists() && matches!(place.take(Some("machine")), Err(NoRecord::None)));
        assert!(matches!(Place::in_folder(None, None).take(None), Err(NoRecord::None)));
    }

    #[test]
    fn to_look_at_a_record_takes_nothing_and_one_that_opens_nothing_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(Some(folder.path().to_owned()), None);
        assert!(matches!(place.look(Some("machine")), Err(NoRecord::None)));
        place.keep(&record(), Some("machine")).unwrap();
        for _ in 0..2 {
            assert!(place.look(Some("machine")).unwrap() == record());
        }
        assert!(place.take(Some("machine")).unwrap() == record());
        place.keep(&record(), Some("machine")).unwrap();
        assert!(matches!(place.look(Some("other")), Err(NoRecord::Foreign)));
        assert!(matches!(place.take(Some("machine")), Err(NoRecord::None)));
    }

    #[test]
    fn a_copy_is_worth_nothing_on_another_machine_and_a_changed_one_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(Some(folder.path().to_owned()), None);
        place.keep(&record(), Some("machine")).unwrap();
        let path = folder.path().join("resume");
        let bytes = std::fs::read(&path).unwrap();
        for other in [Some("other"), Some(""), None] {
            std::fs::write(&path, &bytes).unwrap();
            assert!(matches!(place.take(other), Err(NoRecord::Foreign)), "{other:?}");
            assert!(!path.exists(), "it is not tried again");
        }
        for at in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            assert!(matches!(place.take(Some("machine")), Err(NoRecord::Foreign)), "byte {at}");
        }
        for length in [0, HEAD - 1, HEAD, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(matches!(place.take(Some("machine")), Err(NoRecord::Foreign)), "{length} bytes");
        }
        std::fs::write(&path, vec![0; MAX_RECORD + 1_000]).unwrap();
        assert!(matches!(place.take(Some("machine")), Err(NoRecord::Io(_))));
        assert!(!path.exists());
    }

    /// A place with a keyring, and the file.
    fn with_keyring(folder: &Path) -> (FakeKeyring, Place, PathBuf) {
        let keyring = FakeKeyring::default();
        let place = Place::in_folder(Some(folder.to_owned()), Some(Arc::new(keyring.clone())));
        (keyring, place, folder.join("resume"))
    }

    #[test]
    fn where_there_is_a_keyring_the_file_opens_by_what_lies_there_and_both_go_together() {
        let folder = tempfile::tempdir().unwrap();
        let (keyring, place, path) = with_keyring(folder.path());
        place.keep(&record(), Some("machine")).unwrap();
        let file = std::fs::read(&path).unwrap();
        let names = keyring.names();
        assert_eq!(names.len(), 1);
        let secret = keyring.get(&names[0]).unwrap().unwrap();
        assert_eq!(secret.len(), 32);
        assert!(!file.windows(32).any(|part| part == secret), "the key lies beside what it opens");
        assert!(place.look(Some("machine")).unwrap() == record());
        assert!(place.take(Some("machine")).unwrap() == record());
        assert!(!path.exists() && keyring.names().is_empty());
        // A copy of the file opens no more, also where the machine's number is known.
        std::fs::write(&path, &file).unwrap();
        for _ in 0..2 {
            assert!(
                matches!(place.look(Some("machine")), Err(NoRecord::NoKey)),
                "there is something to tell"
            );
        }
        assert!(matches!(place.take(Some("machine")), Err(NoRecord::NoKey)));
        assert!(matches!(place.look(Some("machine")), Err(NoRecord::None)));
        // Nor does it without any keyring, or by another key, or on another machine.
        std::fs::write(&path, &file).unwrap();
        let without = Place::in_folder(Some(folder.path().to_owned()), None);
        assert!(matches!(without.take(Some("machine")), Err(NoRecord::Foreign)));
        let (strange, short) = (vec![5; SECRET], vec![5; SECRET - 1]);
        for (bytes, machine) in [(&strange, "machine"), (&short, "machine"), (&secret, "other")] {
            std::fs::write(&path, &file).unwrap();
            keyring.put(&names[0], bytes).unwrap();
            let taken = place.take(Some(machine));
            assert!(matches!(taken, Err(NoRecord::Foreign | NoRecord::NoKey)), "{machine}");
            assert!(!path.exists() && keyring.names().is_empty());
        }
        // What needs no key from the keyring is none of this computer's.
        without.keep(&record(), Some("machine")).unwrap();
        assert!(matches!(place.take(Some("machine")), Err(NoRecord::Foreign)));
    }

    #[test]
    fn a_record_that_is_removed_or_replaced_leaves_no_key_behind() {
        let folder = tempfile::tempdir().unwrap();
        let (keyring, place, path) = with_keyring(folder.path());
        let kept = place.keep(&record(), None).unwrap();
        let first = keyring.names();
        let later = Record { chat: 9, ..record() };
        let before = std::fs::read(&path).unwrap();
        kept.renew(&later, None).unwrap();
        assert_ne!(std::fs::read(&path).unwrap()[HEAD - NONCE_LEN..HEAD], before[HEAD - NONCE_LEN..HEAD]);
        assert_eq!(keyring.names(), first, "what goes on stays under its key");
        assert!(place.look(None).unwrap() == later);
        place.keep(&record(), None).unwrap();
        assert_eq!(keyring.names().len(), 1);
        assert_ne!(keyring.names(), first, "another session has another key");
        place.remove();
        assert!(!path.exists() && keyring.names().is_empty());
        place.keep(&record(), None).unwrap();
        let mut changed = std::fs::read(&path).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert!(matches!(place.look(None), Err(NoRecord::Foreign)));
        assert!(!path.exists() && keyring.names().is_empty());
        place.keep(&record(), None).unwrap();
        let long = [std::fs::read(&path).unwrap(), vec![0; MAX_RECORD]].concat();
        std::fs::write(&path, long).unwrap();
        assert!(matches!(place.take(None), Err(NoRecord::Io(_))));
        assert!(!path.exists() && keyring.names().is_empty());
    }

    #[test]
    fn a_keyring_that_refuses_is_told_apart_and_nothing_is_lost_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let (keyring, place, path) = with_keyring(folder.path());
        keyring.refuse(true);
        assert!(matches!(place.keep(&record(), None), Err(NotKept::Keyring(_))));
        assert!(!path.exists());
        keyring.refuse(false);
        // One that says yes and keeps nothing would lose the session after the restart.
        keyring.forget(true);
        assert!(matches!(place.keep(&record(), None), Err(NotKept::Keyring(_))));
        assert!(!path.exists());
        keyring.forget(false);
        let kept = place.keep(&record(), None).unwrap();
        keyring.refuse(true);
        let later = Record { chat: 9, ..record() };
        kept.renew(&later, None).unwrap();
        for _ in 0..2 {
            assert!(matches!(place.look(None), Err(NoRecord::Keyring(_))));
        }
        keyring.refuse(false);
        assert!(place.take(None).unwrap() == later, "it may be asked again");
        // A folder that cannot be written leaves no key.
        let wrong = Place { file: Some(PathBuf::from("/dev/null/resume")), ..place };
        assert!(matches!(wrong.keep(&record(), None), Err(NotKept::Io(_))));
        assert!(keyring.names().is_empty());
    }

    #[test]
    fn time_is_over_by_whichever_clock_says_so_first() {
        let record = record();
        let minutes = |m: u64| Duration::from_secs(m * 60);
        let left = |now| record.left(now);
        assert_eq!(left(NOW + 240_000), Some(Left { allowed: minutes(6), waits: minutes(26) }));
        assert_eq!(left(NOW + 600_000), Some(Left { allowed: minutes(0), waits: minutes(20) }));
        assert_eq!(left(NOW + 1_800_000), None);
        // A clock that was put back adds nothing, and one that is far off is not believed.
        assert_eq!(left(NOW - 60_000), Some(Left { allowed: minutes(10), waits: minutes(30) }));
        assert_eq!(left(0), Some(Left { allowed: minutes(0), waits: minutes(30) }));
        // By the service's own clock, whatever that stands at.
        let here = left(NOW - 60_000).unwrap();
        let service = |left: u64| record.left_by_service(here, 500, Some(500 + left * 60_000)).allowed;
        assert_eq!(
            (service(29), service(25), service(20), service(1)),
            (minutes(9), minutes(5), minutes(0), minutes(0))
        );
        assert_eq!(service(500), minutes(10), "it cannot lengthen either");
        assert_eq!(record.left_by_service(here, 500, None).allowed, minutes(0));
        assert_eq!(record.left_by_service(here, 500, Some(400)).allowed, minutes(0));
    }

    #[test]
    fn the_longest_time_of_a_session_counts_on() {
        let mut record = record();
        assert_eq!(record.of_session(NOW), None);
        record.joined.ceiling.session_minutes = Some(30);
        assert_eq!(record.of_session(NOW + 540_000), Some(Duration::from_secs(20 * 60)));
        assert_eq!(record.of_session(0), Some(Duration::from_secs(29 * 60)), "a clock that was put back");
    }
}
