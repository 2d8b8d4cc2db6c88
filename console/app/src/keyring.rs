//! The operating system's keyring.

use farhand_console_core::vault::{Keyring, KeyringError};

/// The name of this program there.
const SERVICE: &str = "farhand-console";

/// Secret Service, Keychain, or Credential Manager.
pub struct SystemKeyring;

impl SystemKeyring {
    fn entry(name: &str) -> Result<keyring::Entry, KeyringError> {
        keyring::Entry::new(SERVICE, name).map_err(failed)
    }
}

fn failed(error: keyring::Error) -> KeyringError {
    KeyringError(error.to_string())
}

impl Keyring for SystemKeyring {
    fn write(&self, name: &str, secret: &str) -> Result<(), KeyringError> {
        Self::entry(name)?.set_password(secret).map_err(failed)
    }

    fn read(&self, name: &str) -> Result<Option<String>, KeyringError> {
        match Self::entry(name)?.get_password() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn remove(&self, name: &str) -> Result<(), KeyringError> {
        match Self::entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}
