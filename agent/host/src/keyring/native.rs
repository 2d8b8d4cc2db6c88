//! The system's own keyring, by the parts of the crate `keyring` that are for it.

use std::sync::Arc;

use keyring_core::api::CredentialStoreApi as _;
use keyring_core::{Entry, Error};

use super::{Keyring, KeyringError, SERVICE};

pub fn open() -> Option<Arc<dyn Keyring>> {
    Some(Arc::new(Native))
}

#[derive(Debug)]
struct Native;

/// Nothing is read or written by this.
#[cfg(target_os = "macos")]
fn entry(name: &str) -> Result<Entry, KeyringError> {
    apple_native_keyring_store::keychain::Store::new()
        .and_then(|store| store.build(SERVICE, name, None))
        .map_err(refused)
}

/// Nothing is read or written by this. What is kept stays on this machine, also where a domain hands a person's things to
/// each machine that they sign in to.
#[cfg(target_os = "windows")]
fn entry(name: &str) -> Result<Entry, KeyringError> {
    let here = std::collections::HashMap::from([("persistence", "Local")]);
    windows_native_keyring_store::Store::new()
        .and_then(|store| store.build(SERVICE, name, Some(&here)))
        .map_err(refused)
}

fn refused(error: Error) -> KeyringError {
    KeyringError { detail: error.to_string() }
}

impl Keyring for Native {
    fn put(&self, name: &str, secret: &[u8]) -> Result<(), KeyringError> {
        entry(name)?.set_secret(secret).map_err(refused)
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, KeyringError> {
        match entry(name)?.get_secret() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    fn remove(&self, name: &str) -> Result<(), KeyringError> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    }
}
