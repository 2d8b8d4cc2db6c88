//! A system whose monitors and windows this program does not know yet.

use super::{Backend, Desktop};
use crate::capture::CaptureError;

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Desktop>, CaptureError> {
    let name = match preference {
        Backend::Auto => "any",
        Backend::X11 => "X11",
        Backend::Wayland => "Wayland",
        Backend::Fake => "fake",
    };
    Err(CaptureError::NotHere { name })
}
