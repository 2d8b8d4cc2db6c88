//! A screen that is locked in name only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use farhand_protocol::channel::at_end::{LockDone, LockWay};

use super::{LockError, ScreenLock};

/// Counts how often it was locked. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct FakeLock(Arc<AtomicU32>);

impl FakeLock {
    /// How often it was locked.
    #[must_use]
    pub fn locked(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

impl ScreenLock for FakeLock {
    fn way(&mut self) -> LockWay {
        LockWay::Locks
    }

    fn lock(&mut self) -> Result<LockDone, LockError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(LockDone::Locked)
    }
}
