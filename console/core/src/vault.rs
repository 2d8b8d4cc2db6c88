//! Where the sign-in is kept: the system's keyring; or a file that a passphrase opens; or nowhere.
//!
//! A keyring counts when a probe could be **written**: a locked or absent one says "no entry" to a reader, which is what
//! an empty one says too.

mod sealed;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::types::Keeping;
use sealed::OpenKey;
pub use sealed::{Cost, Sealed, SealedError};

const CHOICE: &str = "keeping.json";
const FILE: &str = "sign-in.json";
const PROBE: &str = "probe";
/// Sign-ins that are over and could not be taken out of the keyring.
const LEFT: &str = "left-in-keyring.json";
/// Of that many services at most; older ones stay in the keyring, worth nothing.
const MAX_LEFT: usize = 16;
/// The shortest passphrase, in characters. It guards a file that may be copied and tried at leisure.
pub const SHORTEST_PASSPHRASE: usize = 12;

/// The operating system's keyring refused, for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyringError(pub String);

/// The operating system's keyring. Its calls may block while the person is asked to unlock it.
pub trait Keyring: Send + Sync + 'static {
    /// Keeps a secret under a name.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn write(&self, name: &str, secret: &str) -> Result<(), KeyringError>;
    /// The secret of a name, if there is one.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn read(&self, name: &str) -> Result<Option<String>, KeyringError>;
    /// Forgets a name.
    ///
    /// # Errors
    /// [`KeyringError`].
    fn remove(&self, name: &str) -> Result<(), KeyringError>;
}

/// Why the sign-in could not be kept as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The keyring cannot be used.
    #[error("this system has no keyring that can be written to")]
    NoKeyring,
    /// See [`SHORTEST_PASSPHRASE`].
    #[error("the passphrase is too short")]
    PassphraseShort,
    /// It does not open the file.
    #[error("the passphrase is wrong")]
    PassphraseWrong,
    /// The file system's error.
    #[error("the file could not be written: {0}")]
    File(String),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Choice {
    keeping: Keeping,
}

/// The sign-in to one service at a time: a bearer token, under the service's address.
pub struct Vault {
    folder: Folder,
    /// One that was not tried yet.
    untried: Option<Arc<dyn Keyring>>,
    /// One that a probe could be written to.
    keyring: Option<Arc<dyn Keyring>>,
    cost: Cost,
    keeping: Keeping,
    /// While the program runs the token is in memory, wherever else it is.
    token: Option<(String, String)>,
    key: Option<OpenKey>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("keeping", &self.keeping).finish_non_exhaustive()
    }
}

impl Vault {
    /// Takes up what was chosen. The keyring does not count before it was tried.
    #[must_use]
    pub fn open(folder: Folder, keyring: Arc<dyn Keyring>, cost: Cost) -> Self {
        let keeping = match chosen(&folder) {
            Some(Keeping::File) => Keeping::File,
            Some(Keeping::Keyring | Keeping::Nowhere) | None => Keeping::Nowhere,
        };
        Self { folder, untried: Some(keyring), keyring: None, cost, keeping, token: None, key: None }
    }

    /// The keyring, until it was tried. That may take as long as a person needs to unlock it, so it is done while nobody
    /// holds the vault: by [`try_keyring`], whose answer goes to [`Self::tried`].
    #[must_use]
    pub fn untried(&self) -> Option<Arc<dyn Keyring>> {
        self.untried.clone()
    }

    /// What trying the keyring gave, with the sign-in to `server` that was in it. Who signed in meanwhile stays so.
    pub fn tried(&mut self, server: Option<&str>, answer: Result<Option<String>, KeyringError>) {
        let Some(keyring) = self.untried.take() else { return };
        let found = match answer {
            Ok(found) => found,
            Err(error) => {
                tracing::info!(%error, "the keyring cannot be written to; the sign-in is not kept there");
                return;
            }
        };
        let left = left(&self.folder);
        for server in &left {
            remove(&self.folder, Some(keyring.as_ref()), server);
        }
        let found = found.filter(|_| server.is_none_or(|server| !left.iter().any(|known| known == server)));
        self.keyring = Some(keyring);
        match chosen(&self.folder) {
            Some(Keeping::Keyring) | None => self.keeping = Keeping::Keyring,
            Some(Keeping::File | Keeping::Nowhere) => return,
        }
        match (self.token.clone(), server, found) {
            (Some((server, token)), _, _) => self.put(&server, &token),
            (None, Some(server), Some(token)) => self.token = Some((server.to_owned(), token)),
            (None, _, _) => {}
        }
    }

    /// Where the sign-in is kept.
    #[must_use]
    pub fn keeping(&self) -> Keeping {
        self.keeping
    }

    /// Whether there is a keyring to keep it in.
    #[must_use]
    pub fn has_keyring(&self) -> bool {
        self.keyring.is_some()
    }

    /// A sign-in lies in the file, and its passphrase has not been given.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.keeping == Keeping::File
            && self.key.is_none()
            && self.token.is_none()
            && self.folder.read::<Sealed>(FILE).is_some()
    }

    /// The token for a service, if it is known now.
    #[must_use]
    pub fn token(&self, server: &str) -> Option<String> {
        self.token.as_ref().filter(|(known, _)| known == server).map(|(_, token)| token.clone())
    }

    /// Reads the token for a service from the keyring. Does nothing where it is kept elsewhere.
    pub fn recall(&mut self, server: &str) {
        if self.keeping != Keeping::Keyring {
            return;
        }
        let Some(keyring) = &self.keyring else { return };
        match keyring.read(server) {
            Ok(Some(token)) => self.token = Some((server.to_owned(), token)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the keyring could not be read"),
        }
    }

    /// Opens the file.
    ///
    /// # Errors
    /// [`VaultError::PassphraseWrong`].
    pub fn unlock(&mut self, server: &str, passphrase: &str) -> Result<(), VaultError> {
        let sealed: Sealed = self.folder.read(FILE).ok_or(VaultError::PassphraseWrong)?;
        let (key, token) = sealed.open(passphrase, server).map_err(|_| VaultError::PassphraseWrong)?;
        self.key = Some(key);
        self.token = Some((server.to_owned(), token));
        Ok(())
    }

    /// A fresh sign-in. It counts at once; that it cannot be kept is logged and not fatal.
    pub fn put(&mut self, server: &str, token: &str) {
        self.token = Some((server.to_owned(), token.to_owned()));
        if let Err(error) = self.keep(server, token) {
            tracing::warn!(%error, "the sign-in could not be kept; it ends with the program");
        }
    }

    /// Nobody is signed in any more, here and wherever it was kept. A passphrase stays good for the next sign-in.
    pub fn forget(&mut self, server: &str) {
        self.token = None;
        // One that cannot be reached now may have it from before.
        let may_have = matches!(chosen(&self.folder), Some(Keeping::Keyring) | None);
        if self.keyring.is_some() || may_have {
            remove(&self.folder, self.keyring.as_deref(), server);
        }
        if let Err(error) = self.folder.remove(FILE) {
            tracing::warn!(%error, "the sign-in's file could not be removed");
        }
    }

    /// Keeps the sign-in somewhere else from now on.
    ///
    /// # Errors
    /// [`VaultError`]; nothing has changed then.
    pub fn choose(
        &mut self,
        server: Option<&str>,
        keeping: Keeping,
        passphrase: Option<&str>,
    ) -> Result<(), VaultError> {
        let key = match keeping {
            Keeping::Keyring if self.keyring.is_none() => return Err(VaultError::NoKeyring),
            Keeping::Keyring | Keeping::Nowhere => None,
            Keeping::File => {
                let passphrase = passphrase.unwrap_or_default();
                if passphrase.chars().count() < SHORTEST_PASSPHRASE {
                    return Err(VaultError::PassphraseShort);
                }
                Some(
                    OpenKey::derive(passphrase, self.cost)
                        .map_err(|error| VaultError::File(error.to_string()))?,
                )
            }
        };
        let file = |error: std::io::Error| VaultError::File(error.to_string());
        self.folder.write(CHOICE, &Choice { keeping }).map_err(file)?;
        if let Some(server) = server
            && let Some(keyring) = &self.keyring
        {
            let _ = keyring.remove(server);
        }
        self.folder.remove(FILE).map_err(file)?;
        self.keeping = keeping;
        self.key = key;
        match self.token.clone() {
            Some((server, token)) => self.keep(&server, &token),
            None => Ok(()),
        }
    }

    fn keep(&self, server: &str, token: &str) -> Result<(), VaultError> {
        match (self.keeping, &self.keyring, &self.key) {
            (Keeping::Keyring, Some(keyring), _) => {
                keyring.write(server, token).map_err(|error| VaultError::File(error.to_string()))?;
                note_left(&self.folder, server, false);
                Ok(())
            }
            (Keeping::File, _, Some(key)) => {
                let sealed = key.seal(server, token).map_err(|error| VaultError::File(error.to_string()))?;
                self.folder.write(FILE, &sealed).map_err(|error| VaultError::File(error.to_string()))
            }
            (Keeping::Keyring, None, _) => Err(VaultError::NoKeyring),
            // Its passphrase was not given: whoever signed in anew keeps that in memory only.
            (Keeping::File, _, None) | (Keeping::Nowhere, _, _) => Ok(()),
        }
    }
}

fn chosen(folder: &Folder) -> Option<Keeping> {
    folder.read::<Choice>(CHOICE).map(|choice| choice.keeping)
}

fn left(folder: &Folder) -> Vec<String> {
    folder.read(LEFT).unwrap_or_default()
}

/// Takes a sign-in that is over out of the keyring; one that cannot be taken out is taken out when the keyring can be
/// used again.
fn remove(folder: &Folder, keyring: Option<&dyn Keyring>, server: &str) {
    let removed = match keyring {
        Some(keyring) => keyring.remove(server),
        None => Err(KeyringError("it cannot be used".into())),
    };
    if let Err(error) = &removed {
        tracing::warn!(%error, "the sign-in could not be removed from the keyring yet");
    }
    note_left(folder, server, removed.is_err());
}

fn note_left(folder: &Folder, server: &str, is_left: bool) {
    let mut left = left(folder);
    if left.iter().any(|known| known == server) == is_left {
        return;
    }
    left.retain(|known| known != server);
    if is_left {
        left.push(server.to_owned());
        left.drain(..left.len().saturating_sub(MAX_LEFT));
    }
    let kept = if left.is_empty() { folder.remove(LEFT) } else { folder.write(LEFT, &left) };
    if let Err(error) = kept {
        tracing::warn!(%error, "what is left in the keyring could not be noted");
    }
}

/// Tries a keyring by a write, then looks for the sign-in to `server` in it. Blocks for as long as the keyring does.
///
/// # Errors
/// [`KeyringError`] when it cannot be used.
pub fn try_keyring(keyring: &dyn Keyring, server: Option<&str>) -> Result<Option<String>, KeyringError> {
    probe(keyring)?;
    server.map_or(Ok(None), |server| keyring.read(server))
}

fn probe(keyring: &dyn Keyring) -> Result<(), KeyringError> {
    keyring.write(PROBE, "written")?;
    let read = keyring.read(PROBE)?;
    keyring.remove(PROBE)?;
    match read.as_deref() {
        Some("written") => Ok(()),
        Some(_) | None => Err(KeyringError("what was written cannot be read".into())),
    }
}

/// A keyring in memory, for tests; or one that refuses.
#[derive(Debug, Default)]
pub struct MemoryKeyring {
    entries: std::sync::Mutex<std::collections::BTreeMap<String, String>>,
    /// Reads find nothing and writes fail, as an absent or locked one does.
    pub refuses: bool,
}

impl Keyring for MemoryKeyring {
    fn write(&self, name: &str, secret: &str) -> Result<(), KeyringError> {
        if self.refuses {
            return Err(KeyringError("locked".into()));
        }
        self.entries.lock().expect("no test panics while it is held").insert(name.into(), secret.into());
        Ok(())
    }

    fn read(&self, name: &str) -> Result<Option<String>, KeyringError> {
        Ok(self.entries.lock().expect("no test panics while it is held").get(name).cloned())
    }

    fn remove(&self, name: &str) -> Result<(), KeyringError> {
        self.entries.lock().expect("no test panics while it is held").remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "https://help.example.org:443";
    const PASSPHRASE: &str = "correct horse battery";

    struct World {
        place: tempfile::TempDir,
        keyring: Arc<MemoryKeyring>,
    }

    impl World {
        fn new(refuses: bool) -> Self {
            let keyring = Arc::new(MemoryKeyring { refuses, ..MemoryKeyring::default() });
            Self { place: tempfile::tempdir().unwrap(), keyring }
        }

        fn open(&self) -> Vault {
            let folder = Folder::open(self.place.path()).unwrap();
            let mut vault = Vault::open(folder, self.keyring.clone(), Cost::FOR_TESTS);
            let keyring = vault.untried().unwrap();
            vault.tried(Some(SERVER), try_keyring(keyring.as_ref(), Some(SERVER)));
            assert!(vault.untried().is_none(), "it is tried once");
            vault
        }

        fn files(&self) -> String {
            std::fs::read_dir(self.place.path())
                .unwrap()
                .map(|entry| {
                    String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned()
                })
                .collect()
        }
    }

    #[test]
    fn a_keyring_that_can_be_written_to_keeps_the_sign_in() {
        let world = World::new(false);
        world.open().put(SERVER, "token-1");
        let vault = world.open();
        assert_eq!((vault.keeping(), vault.token(SERVER).as_deref()), (Keeping::Keyring, Some("token-1")));
        assert_eq!(vault.token("https://other.example"), None, "a token is its own service's");
        assert!(!world.files().contains("token-1"));
    }

    #[test]
    fn without_a_keyring_nothing_is_kept_and_it_is_said_so() {
        let world = World::new(true);
        let mut vault = world.open();
        assert!(!vault.has_keyring());
        vault.put(SERVER, "token-1");
        assert_eq!(vault.token(SERVER).as_deref(), Some("token-1"), "it is good while the program runs");
        assert_eq!(vault.choose(Some(SERVER), Keeping::Keyring, None), Err(VaultError::NoKeyring));
        let vault = world.open();
        assert_eq!((vault.keeping(), vault.token(SERVER)), (Keeping::Nowhere, None));
        assert!(!world.files().contains("token-1"));
    }

    #[test]
    fn a_file_opens_by_its_passphrase_only() {
        let world = World::new(true);
        let mut vault = world.open();
        vault.put(SERVER, "token-1");
        assert_eq!(
            vault.choose(Some(SERVER), Keeping::File, Some("short")),
            Err(VaultError::PassphraseShort)
        );
        vault.choose(Some(SERVER), Keeping::File, Some(PASSPHRASE)).unwrap();
        assert!(!world.files().contains("token-1"));
        let mut vault = world.open();
        assert!(vault.is_locked());
        assert_eq!(vault.unlock(SERVER, "correct horse batterz"), Err(VaultError::PassphraseWrong));
        assert_eq!(vault.unlock("https://other.example", PASSPHRASE), Err(VaultError::PassphraseWrong));
        vault.unlock(SERVER, PASSPHRASE).unwrap();
        assert_eq!(vault.token(SERVER).as_deref(), Some("token-1"));
        vault.put(SERVER, "token-2");
        let mut vault = world.open();
        vault.unlock(SERVER, PASSPHRASE).unwrap();
        assert_eq!(
            vault.token(SERVER).as_deref(),
            Some("token-2"),
            "a newer one is sealed with the same key"
        );
    }

    #[test]
    fn what_is_forgotten_is_nowhere() {
        let world = World::new(false);
        let mut vault = world.open();
        vault.put(SERVER, "token-1");
        vault.choose(Some(SERVER), Keeping::File, Some(PASSPHRASE)).unwrap();
        assert_eq!(world.keyring.read(SERVER).unwrap(), None, "it moved out of the keyring");
        vault.forget(SERVER);
        let vault = world.open();
        assert!(!vault.is_locked());
        assert_eq!(vault.token(SERVER), None);
    }

    #[test]
    fn a_sign_in_that_ended_without_the_keyring_is_taken_out_of_it_when_it_is_back() {
        let world = World::new(false);
        world.open().put(SERVER, "token-1");
        // The keyring is away for a while, and somebody signs out meanwhile.
        let away =
            World { keyring: Arc::new(MemoryKeyring { refuses: true, ..MemoryKeyring::default() }), ..world };
        away.open().forget(SERVER);
        let back = World { keyring: Arc::new(MemoryKeyring::default()), ..away };
        back.keyring.write(SERVER, "token-1").unwrap();
        let vault = back.open();
        assert_eq!((vault.keeping(), vault.token(SERVER)), (Keeping::Keyring, None));
        assert_eq!(back.keyring.read(SERVER).unwrap(), None);
        // Whoever signs in anew is kept as ever.
        back.open().put(SERVER, "token-2");
        assert_eq!(back.open().token(SERVER).as_deref(), Some("token-2"));
    }

    #[test]
    fn who_signs_in_anew_before_the_keyring_is_back_stays_signed_in() {
        let world = World::new(false);
        world.keyring.write(SERVER, "token-1").unwrap();
        let folder = Folder::open(world.place.path()).unwrap();
        let mut vault = Vault::open(folder, world.keyring.clone(), Cost::FOR_TESTS);
        vault.forget(SERVER);
        vault.put(SERVER, "token-2");
        let keyring = vault.untried().unwrap();
        vault.tried(Some(SERVER), try_keyring(keyring.as_ref(), Some(SERVER)));
        assert_eq!(world.keyring.read(SERVER).unwrap().as_deref(), Some("token-2"));
        assert_eq!(world.open().token(SERVER).as_deref(), Some("token-2"));
    }

    #[test]
    fn who_signs_in_while_the_keyring_is_unlocked_is_kept_in_it() {
        let world = World::new(false);
        world.keyring.write(SERVER, "an-older-one").unwrap();
        let folder = Folder::open(world.place.path()).unwrap();
        let mut vault = Vault::open(folder, world.keyring.clone(), Cost::FOR_TESTS);
        vault.put(SERVER, "token-1");
        assert_eq!((vault.keeping(), vault.has_keyring()), (Keeping::Nowhere, false));
        let keyring = vault.untried().unwrap();
        vault.tried(Some(SERVER), try_keyring(keyring.as_ref(), Some(SERVER)));
        assert_eq!((vault.keeping(), vault.token(SERVER).as_deref()), (Keeping::Keyring, Some("token-1")));
        assert_eq!(world.keyring.read(SERVER).unwrap().as_deref(), Some("token-1"));
    }

    #[test]
    fn a_vault_does_not_print_what_it_holds() {
        let world = World::new(false);
        let mut vault = world.open();
        vault.put(SERVER, "token-1");
        assert!(!format!("{vault:?}").contains("token-1"));
    }
}
