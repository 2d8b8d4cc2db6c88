//! Which back end listens on Linux.

use super::{Hands, HandsError, Tell, x11};

pub fn open(display: Option<&str>, tell: Tell) -> Result<Box<dyn Hands>, HandsError> {
    // An X server beside a Wayland desktop hears only what is typed into its own windows: no chord is promised by that.
    if display.is_none() && crate::wayland::is_here() {
        return Err(HandsError::NotHere);
    }
    Ok(Box::new(x11::X11Hands::open(display, tell)?))
}
