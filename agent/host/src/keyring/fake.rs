//! A keyring in memory, which refuses when it is told to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Keyring, KeyringError};

/// Clones share what is in it.
#[derive(Clone, Debug, Default)]
pub struct FakeKeyring(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    secrets: BTreeMap<String, Vec<u8>>,
    refuses: bool,
    forgets: bool,
}

impl FakeKeyring {
    /// The names under which something is kept.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().secrets.keys().cloned().collect()
    }

    /// From now on it refuses, or does not any more.
    pub fn refuse(&self, refuses: bool) {
        self.lock().refuses = refuses;
    }

    /// From now on it keeps nothing and says that it did, or does not any more.
    pub fn forget(&self, forgets: bool) {
        self.lock().forgets = forgets;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, Kept>, KeyringError> {
        let kept = self.lock();
        if kept.refuses {
            return Err(KeyringError { detail: "it refuses".to_owned() });
        }
        Ok(kept)
    }
}

impl Keyring for FakeKeyring {
    fn put(&self, name: &str, secret: &[u8]) -> Result<(), KeyringError> {
        let mut kept = self.open()?;
        if !kept.forgets {
            kept.secrets.insert(name.to_owned(), secret.to_vec());
        }
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, KeyringError> {
        Ok(self.open()?.secrets.get(name).cloned())
    }

    fn remove(&self, name: &str) -> Result<(), KeyringError> {
        self.open()?.secrets.remove(name);
        Ok(())
    }
}
