//! Which back end looks on Linux.

use super::{Backend, Desktop, x11};
use crate::capture::CaptureError;

pub fn open(preference: Backend, display: Option<&str>) -> Result<Box<dyn Desktop>, CaptureError> {
    match preference {
        Backend::Auto | Backend::X11 => Ok(Box::new(x11::X11Desktop::open(display)?)),
        Backend::Fake => Err(CaptureError::NotHere { name: "fake" }),
    }
}
