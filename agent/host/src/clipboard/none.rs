//! A system whose clipboard this program cannot reach yet.

use super::{Backend, Changed, Clipboard, ClipboardError};

pub fn open(
    preference: Backend,
    _display: Option<&str>,
    _changed: Changed,
) -> Result<Box<dyn Clipboard>, ClipboardError> {
    let name = match preference {
        Backend::Auto => "any",
        Backend::X11 => "X11",
        Backend::Fake => "fake",
    };
    Err(ClipboardError::NotHere { name })
}
