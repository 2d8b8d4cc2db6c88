//! A system whose screen this program cannot capture yet.

use super::{Backend, CaptureError, Capturer};

pub fn open(preference: Backend, _display: Option<&str>) -> Result<Box<dyn Capturer>, CaptureError> {
    let name = match preference {
        Backend::Auto => "any",
        Backend::X11 => "X11",
        Backend::Wayland => "Wayland",
        Backend::Scrap => "scrap",
        Backend::Fake => "fake",
    };
    Err(CaptureError::NotHere { name })
}
