//! A system over whose screen this program cannot draw yet.

use super::{Overlay, OverlayError};

pub fn open(_display: Option<&str>) -> Result<Box<dyn Overlay>, OverlayError> {
    Err(OverlayError::NotHere)
}
