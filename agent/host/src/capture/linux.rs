//! Which back end captures on Linux.

use super::{Backend, CaptureError, Capturer, x11};

pub fn open(preference: Backend) -> Result<Box<dyn Capturer>, CaptureError> {
    match preference {
        Backend::Auto | Backend::X11 => Ok(Box::new(x11::X11Capturer::open(None)?)),
        #[cfg(feature = "scrap")]
        Backend::Scrap => Ok(Box::new(super::scrap::ScrapCapturer::open()?)),
        #[cfg(not(feature = "scrap"))]
        Backend::Scrap => Err(CaptureError::NotHere { name: "scrap" }),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}
