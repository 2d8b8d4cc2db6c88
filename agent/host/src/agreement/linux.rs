//! On Linux: Wayland's portals ask, X servers do not.

use super::{Standing, Wanted};
use crate::capture::CaptureError;
use crate::wayland::{self, portal::Desk};

pub fn asks_itself() -> bool {
    wayland::is_here()
}

pub fn want(bus: Option<&str>, wanted: Wanted) {
    if bus.is_some() || wayland::is_here() {
        Desk::of(bus).want(wanted);
    }
}

pub fn probe(bus: Option<&str>) -> Result<(), CaptureError> {
    Desk::of(bus).probe()
}

pub fn standing(bus: Option<&str>) -> Standing {
    if bus.is_some() || wayland::is_here() { Desk::of(bus).standing() } else { Standing::Open }
}
