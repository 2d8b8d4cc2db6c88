//! A system on which this program presses no keys, so none can stay down.

use crate::input::InjectError;

pub fn stand_apart() {}

pub fn release() -> Result<usize, InjectError> {
    Ok(0)
}
