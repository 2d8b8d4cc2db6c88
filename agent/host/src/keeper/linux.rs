//! A system on which this program presses no keys, so none can stay down.

use crate::input::InjectError;

#[derive(Debug)]
pub struct Releaser;

impl Releaser {
    pub fn new() -> Self {
        Self
    }

    pub fn release(self) -> Result<usize, InjectError> {
        Ok(0)
    }
}
