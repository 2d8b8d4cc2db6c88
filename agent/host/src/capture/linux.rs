//! Which back end captures on Linux.

use super::{Backend, CaptureError, Capturer};

pub fn open(preference: Backend) -> Result<Box<dyn Capturer>, CaptureError> {
    match preference {
        Backend::Auto | Backend::X11 => Err(CaptureError::NotHere { name: "X11" }),
        Backend::Scrap => Err(CaptureError::NotHere { name: "scrap" }),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}
