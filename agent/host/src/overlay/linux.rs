//! Which back end draws on Linux.

use super::{Overlay, OverlayError, x11};

pub fn open(display: Option<&str>) -> Result<Box<dyn Overlay>, OverlayError> {
    Ok(Box::new(x11::X11Overlay::open(display)?))
}
