//! Which back end reaches the clipboard on Linux.

use super::{Backend, Changed, Clipboard, ClipboardError, x11};

pub fn open(
    preference: Backend,
    display: Option<&str>,
    changed: Changed,
) -> Result<Box<dyn Clipboard>, ClipboardError> {
    match preference {
        Backend::Auto | Backend::X11 => Ok(Box::new(x11::X11Clipboard::open(display, changed)?)),
        Backend::Fake => Err(ClipboardError::NotHere { name: "fake" }),
    }
}
