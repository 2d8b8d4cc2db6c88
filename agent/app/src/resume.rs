//! The record by which this program goes on with its session after the computer was restarted: one file of this person's,
//! readable by nobody else, sealed to this machine, and removed before anything is done with it but to see that it is one.

use std::io;
use std::path::{Path, PathBuf};

use farhand_agent_core::resume::{MAX_RECORD, Record, RecordError};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom, SystemRandom};

use crate::config;
use crate::receipt::keep;

const MAGIC: &[u8; 5] = b"FHRS\x01";
const SALT: usize = 16;
/// Magic, salt and nonce.
const HEAD: usize = MAGIC.len() + SALT + NONCE_LEN;
const TAG: usize = 16;
/// The largest file, in bytes.
const LIMIT: u64 = (MAX_RECORD + HEAD + TAG) as u64;

/// Why there is nothing to go on with.
#[derive(Debug, thiserror::Error)]
pub enum NoRecord {
    /// There is no record.
    #[error("there is no session to go on with")]
    None,
    /// It cannot be read or removed.
    #[error("the record of the session cannot be taken: {0}")]
    Io(#[from] io::Error),
    /// It was not sealed on this machine, or was changed.
    #[error("the record of the session is of another computer, or was changed")]
    Foreign,
    /// It is none.
    #[error(transparent)]
    Wrong(#[from] RecordError),
}

/// Where it lies.
#[derive(Clone, Debug)]
pub struct Place(Option<PathBuf>);

impl Place {
    /// That of the person who runs this program.
    #[must_use]
    pub fn of_this_person() -> Self {
        let folder = |name: &str| keep::environment(name).filter(|path| path.is_absolute());
        let state = folder("XDG_STATE_HOME")
            .or_else(|| folder("LOCALAPPDATA"))
            .or_else(|| folder("HOME").map(|home| home.join(".local/state")));
        Self::in_folder(state.map(|state| state.join("farhand")))
    }

    /// In this folder.
    #[must_use]
    pub fn in_folder(folder: Option<PathBuf>) -> Self {
        Self(folder.map(|folder| folder.join("resume")))
    }

    /// Keeps a record, sealed to this machine. It takes the place of an older one.
    ///
    /// # Errors
    /// The file system's; `NotFound` where there is no folder for it.
    pub fn keep(&self, record: &Record, machine: Option<&str>) -> io::Result<()> {
        let path = self.0.as_deref().ok_or(io::ErrorKind::NotFound)?;
        config::replace(path, &seal(&record.write(), machine))?;
        sync_folder(path)
    }

    /// Looks at the record, which stays: whether there is one that could be taken. One that could not is removed.
    ///
    /// # Errors
    /// [`NoRecord`].
    pub fn look(&self, machine: Option<&str>) -> Result<Record, NoRecord> {
        let path = self.0.as_deref().ok_or(NoRecord::None)?;
        let record = match keep::read(path, LIMIT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NoRecord::None),
            read => read.map_err(NoRecord::from).and_then(|file| of_file(&file, machine)),
        };
        if record.is_err() {
            self.remove();
        }
        record
    }

    /// Takes the record: it is gone from the disk before it is looked at, and can be used once.
    ///
    /// # Errors
    /// [`NoRecord`].
    pub fn take(&self, machine: Option<&str>) -> Result<Record, NoRecord> {
        let path = self.0.as_deref().ok_or(NoRecord::None)?;
        let read = keep::read(path, LIMIT);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NoRecord::None),
            removed => removed?,
        }
        sync_folder(path)?;
        of_file(&read?, machine)
    }

    /// There is none any more.
    pub fn remove(&self) {
        let Some(path) = &self.0 else { return };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "the record of a session cannot be removed");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

fn of_file(file: &[u8], machine: Option<&str>) -> Result<Record, NoRecord> {
    let clear = open(file, machine).ok_or(NoRecord::Foreign)?;
    Ok(Record::read(&clear)?)
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

/// The key of a file: nobody has it who has the file alone, unless they know the machine's number too.
fn key(salt: &[u8], machine: Option<&str>) -> LessSafeKey {
    let secret = Salt::new(HKDF_SHA256, salt).extract(machine.unwrap_or_default().as_bytes());
    let info = [b"farhand resume 1".as_slice()];
    let expanded = secret.expand(&info, &AES_256_GCM).expect("32 bytes can be expanded");
    LessSafeKey::new(UnboundKey::from(expanded))
}

fn seal(clear: &[u8], machine: Option<&str>) -> Vec<u8> {
    let random = SystemRandom::new();
    let (mut salt, mut nonce) = ([0; SALT], [0; NONCE_LEN]);
    random.fill(&mut salt).expect("the system has random bytes");
    random.fill(&mut nonce).expect("the system has random bytes");
    let mut file = [MAGIC.as_slice(), &salt, &nonce].concat();
    let head = file.clone();
    let mut text = clear.to_vec();
    key(&salt, machine)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&head), &mut text)
        .expect("a record is short enough to be sealed");
    file.extend_from_slice(&text);
    file
}

fn open(file: &[u8], machine: Option<&str>) -> Option<Vec<u8>> {
    let (head, sealed) = file.split_at_checked(HEAD)?;
    let (magic, rest) = head.split_at(MAGIC.len());
    let (salt, nonce) = rest.split_at(SALT);
    if magic != MAGIC {
        return None;
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = sealed.to_vec();
    key(salt, machine).open_in_place(nonce, Aad::from(head), &mut text).ok().map(|clear| clear.to_vec())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use farhand_agent_core::resume::{Left, VERSION};
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
        let place = Place::in_folder(Some(folder.path().join("farhand")));
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
        assert!(matches!(Place::in_folder(None).take(None), Err(NoRecord::None)));
    }

    #[test]
    fn to_look_at_a_record_takes_nothing_and_one_that_opens_nothing_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::in_folder(Some(folder.path().to_owned()));
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
        let place = Place::in_folder(Some(folder.path().to_owned()));
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
