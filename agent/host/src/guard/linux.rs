//! Guarding on Linux.

use super::{Guard, GuardError, x11};

pub fn guard(
    display: Option<&str>,
    window: u32,
    lost: Box<dyn FnOnce() + Send>,
) -> Result<Box<dyn Guard>, GuardError> {
    Ok(Box::new(x11::X11Guard::new(display, window, lost)?))
}
