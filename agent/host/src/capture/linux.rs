//! Which back end captures on Linux.

use super::{Backend, CaptureError, Capturer, x11};
use crate::wayland::{self, capture::WaylandCapturer};

pub fn open(preference: Backend, display: Option<&str>) -> Result<Box<dyn Capturer>, CaptureError> {
    match preference {
        Backend::Auto if display.is_none() && wayland::is_here() => {
            Ok(Box::new(WaylandCapturer::open(None)?))
        }
        Backend::Wayland => Ok(Box::new(WaylandCapturer::open(display)?)),
        Backend::Auto | Backend::X11 => Ok(Box::new(x11::X11Capturer::open(display)?)),
        #[cfg(feature = "scrap")]
        Backend::Scrap if display.is_none() => Ok(Box::new(super::scrap::ScrapCapturer::open()?)),
        Backend::Scrap => Err(CaptureError::NotHere { name: "scrap" }),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}
