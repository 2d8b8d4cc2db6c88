//! A system whose screen this program cannot lock yet.

use farhand_protocol::channel::at_end::{LockDone, LockWay};

use super::{LockError, Places, ScreenLock};

#[derive(Debug)]
struct Nothing;

impl ScreenLock for Nothing {
    fn way(&mut self) -> LockWay {
        LockWay::None
    }

    fn lock(&mut self) -> Result<LockDone, LockError> {
        Err(LockError::NotHere)
    }
}

pub fn open(_places: Places) -> Box<dyn ScreenLock> {
    Box::new(Nothing)
}
