//! Which back end draws on Linux.

use super::{Overlay, OverlayError, x11};

pub fn open(display: Option<&str>) -> Result<Box<dyn Overlay>, OverlayError> {
    // Nothing lies over a Wayland desktop but what the desktop itself draws.
    if display.is_none() && crate::wayland::is_here() {
        return Err(OverlayError::NotHere);
    }
    Ok(Box::new(x11::X11Overlay::open(display)?))
}
