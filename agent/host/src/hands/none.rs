//! A system whose keyboard and mouse this program cannot watch yet.

use super::{Hands, HandsError, Tell};

pub fn open(_display: Option<&str>, _tell: Tell) -> Result<Box<dyn Hands>, HandsError> {
    Err(HandsError::NotHere)
}
