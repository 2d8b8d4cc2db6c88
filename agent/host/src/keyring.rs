//! A few secret bytes in the keyring that this system keeps for whoever is signed in: Windows' Credential Manager, or the
//! login keychain of macOS. On Linux nothing is kept there: what this program has to keep it needs right after the sign-in,
//! when the desktop's keyring may still be locked.
//!
//! The calls may wait: macOS asks the person where the keychain is locked.

use std::fmt;
use std::sync::Arc;

pub mod fake;

#[cfg(any(target_os = "macos", target_os = "windows"))]
#[path = "keyring/native.rs"]
mod os;
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
#[path = "keyring/none.rs"]
mod os;

/// Under this name everything of this program's lies there.
pub const SERVICE: &str = "farhand-agent";

/// Which keyring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The system's.
    #[default]
    Auto,
    /// One in this process' memory, see [`fake`].
    Fake,
}

/// Keeps secrets under names, over restarts of this machine and on no other machine.
pub trait Keyring: Send + Sync + fmt::Debug {
    /// Keeps these bytes, at most 2,048, in place of any that it had under this name.
    ///
    /// # Errors
    /// [`KeyringError`]: nothing is kept.
    fn put(&self, name: &str, secret: &[u8]) -> Result<(), KeyringError>;

    /// What it keeps under this name; nothing where it says that there is nothing.
    ///
    /// # Errors
    /// [`KeyringError`]: nobody knows.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, KeyringError>;

    /// Keeps nothing under this name from now on, as where there was nothing.
    ///
    /// # Errors
    /// [`KeyringError`]: it may still be there.
    fn remove(&self, name: &str) -> Result<(), KeyringError>;
}

/// The keyring refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct KeyringError {
    /// In the system's words.
    pub detail: String,
}

/// The keyring; none on a system on which this program keeps nothing in one. One that refuses is a keyring all the same.
#[must_use]
pub fn open_keyring(preference: Backend) -> Option<Arc<dyn Keyring>> {
    match preference {
        Backend::Auto => os::open(),
        Backend::Fake => Some(Arc::new(fake::FakeKeyring::default())),
    }
}
