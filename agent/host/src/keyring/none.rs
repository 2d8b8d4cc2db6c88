//! A system in whose keyring nothing is kept.

use std::sync::Arc;

use super::Keyring;

pub fn open() -> Option<Arc<dyn Keyring>> {
    None
}
