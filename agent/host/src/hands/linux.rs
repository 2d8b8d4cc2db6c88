//! Which back end listens on Linux.

use super::{Hands, HandsError, Tell, x11};

pub fn open(display: Option<&str>, tell: Tell) -> Result<Box<dyn Hands>, HandsError> {
    Ok(Box::new(x11::X11Hands::open(display, tell)?))
}
