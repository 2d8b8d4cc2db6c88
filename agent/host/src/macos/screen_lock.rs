//! macOS has no open call that locks the screen. The display is put to sleep, by a program of the system's; whether that
//! asks for a password at once is this computer's setting, and whether it is locked is read back.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use farhand_protocol::channel::at_end::{LockDone, LockWay};

use super::{LockError, Places, ScreenLock};
use crate::macos::{is_locked, session};

const PROGRAM: &str = "/usr/bin/pmset";
/// The lock is there within this time, or it is not known to be.
const LOCKED_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub fn open(_places: Places) -> Box<dyn ScreenLock> {
    Box::new(Sleep)
}

#[derive(Debug)]
struct Sleep;

impl ScreenLock for Sleep {
    fn way(&mut self) -> LockWay {
        if session().is_some() { LockWay::Covers } else { LockWay::None }
    }

    fn lock(&mut self) -> Result<LockDone, LockError> {
        if is_locked() {
            return Ok(LockDone::Locked);
        }
        let mut command = Command::new(PROGRAM);
        command.arg("displaysleepnow").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(LockError::Refused { detail: status.to_string() }),
            Err(error) => return Err(LockError::Refused { detail: error.to_string() }),
        }
        let until = Instant::now() + LOCKED_WITHIN;
        while Instant::now() < until {
            if is_locked() {
                return Ok(LockDone::Locked);
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(LockDone::Covered)
    }
}
