//! Locks the screen as Windows and L on the keyboard do, and reads back from the session whether it is locked.
#![allow(unsafe_code, reason = "the system's calls")]

use std::ffi::c_void;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use farhand_protocol::channel::at_end::{LockDone, LockWay};

use super::{LockError, Places, ScreenLock};
use crate::windows::last_error;

// A whole family of functions each for the sake of these would be built for nothing.
#[link(name = "wtsapi32", kind = "raw-dylib")]
unsafe extern "system" {
    fn WTSQuerySessionInformationW(
        server: *mut c_void,
        session: u32,
        kind: i32,
        into: *mut *mut c_void,
        length: *mut u32,
    ) -> i32;
    fn WTSFreeMemory(memory: *mut c_void);
}
#[link(name = "user32", kind = "raw-dylib")]
unsafe extern "system" {
    fn LockWorkStation() -> i32;
}

/// `WTS_CURRENT_SESSION`.
const THIS_SESSION: u32 = u32::MAX;
/// `WTSSessionInfoEx`.
const SESSION_INFO: i32 = 25;
/// `WTS_SESSIONSTATE_LOCK`.
const LOCKED: i32 = 0;
/// `WTS_SESSIONSTATE_UNLOCK`.
const UNLOCKED: i32 = 1;

/// How `WTSINFOEXW` begins, at the first and only level that there is.
#[repr(C)]
#[derive(Clone, Copy)]
struct About {
    level: u32,
    /// What follows is aligned to eight bytes.
    _gap: u32,
    _session: u32,
    _connected: i32,
    flags: i32,
}

/// The system locks when it gets round to it.
const LOCKS_WITHIN: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug)]
struct Station;

pub fn open(_places: Places) -> Box<dyn ScreenLock> {
    Box::new(Station)
}

impl ScreenLock for Station {
    fn way(&mut self) -> LockWay {
        // What cannot be read back would be claimed.
        if is_locked().is_some() { LockWay::Locks } else { LockWay::None }
    }

    fn lock(&mut self) -> Result<LockDone, LockError> {
        let Some(locked) = is_locked() else { return Err(LockError::NotHere) };
        if locked {
            return Ok(LockDone::Locked);
        }
        // It fails where the computer's owner has forbidden it.
        // SAFETY: a plain call.
        if unsafe { LockWorkStation() } == 0 {
            return Err(LockError::Refused { detail: last_error().to_string() });
        }
        let until = Instant::now() + LOCKS_WITHIN;
        while Instant::now() < until {
            if is_locked() == Some(true) {
                return Ok(LockDone::Locked);
            }
            std::thread::sleep(LOOK);
        }
        Err(LockError::Refused { detail: "Windows does not say that it is locked".to_owned() })
    }
}

/// Whether this session is locked; nothing where the system does not say.
fn is_locked() -> Option<bool> {
    let (mut about, mut length) = (null_mut(), 0);
    // SAFETY: the system makes room for what it writes, says how much that is, and takes it back. It may lie anywhere.
    let about = unsafe {
        let (into, length_into) = (&raw mut about, &raw mut length);
        if WTSQuerySessionInformationW(null_mut(), THIS_SESSION, SESSION_INFO, into, length_into) == 0
            || about.is_null()
        {
            return None;
        }
        let read = (length as usize >= size_of::<About>()).then(|| about.cast::<About>().read_unaligned());
        WTSFreeMemory(about);
        read?
    };
    match about.flags {
        LOCKED if about.level == 1 => Some(true),
        UNLOCKED if about.level == 1 => Some(false),
        _ => None,
    }
}
