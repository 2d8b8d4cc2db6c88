//! A system whose desktop is not asked in this way.

use super::{Standing, Wanted};
use crate::capture::CaptureError;

pub const fn asks_itself() -> bool {
    false
}

pub const fn want(_bus: Option<&str>, _wanted: Wanted) {}

pub const fn probe(_bus: Option<&str>) -> Result<(), CaptureError> {
    Ok(())
}

pub const fn standing(_bus: Option<&str>) -> Standing {
    Standing::Open
}
