//! Which back end reaches the clipboard on Linux.

use super::{Backend, Changed, Clipboard, ClipboardError, x11};

pub fn open(
    preference: Backend,
    display: Option<&str>,
    changed: Changed,
) -> Result<Box<dyn Clipboard>, ClipboardError> {
    // An X server beside a Wayland desktop has a clipboard of its own, which is the desktop's only now and then.
    if preference == Backend::Auto && display.is_none() && crate::wayland::is_here() {
        return Err(ClipboardError::NotHere { name: "Wayland" });
    }
    match preference {
        Backend::Auto | Backend::X11 => Ok(Box::new(x11::X11Clipboard::open(display, changed)?)),
        Backend::Fake => Err(ClipboardError::NotHere { name: "fake" }),
    }
}
