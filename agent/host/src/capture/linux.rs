//! Which back end captures on Linux.

use super::{Backend, CaptureError, Capturer, x11};

pub fn open(preference: Backend, display: Option<&str>) -> Result<Box<dyn Capturer>, CaptureError> {
    match preference {
        Backend::Auto | Backend::X11 => Ok(Box::new(x11::X11Capturer::open(display)?)),
        #[cfg(feature = "scrap")]
        Backend::Scrap if display.is_none() => Ok(Box::new(super::scrap::ScrapCapturer::open()?)),
        Backend::Scrap => Err(CaptureError::NotHere { name: "scrap" }),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}
