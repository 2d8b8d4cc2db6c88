//! A system whose windows this program cannot guard yet.

use super::{Guard, GuardError};

pub fn guard(
    _display: Option<&str>,
    _window: u32,
    _lost: Box<dyn FnOnce() + Send>,
) -> Result<Box<dyn Guard>, GuardError> {
    Err(GuardError::NotHere)
}
