//! Locks the screen of the person who sits here, and says truly what came of it.
//!
//! On Linux the desktop's own locker is asked first, then the session manager, and whether the screen is locked is read
//! back from them. Where neither is, the X server's screen saver is started: whether that asks for a password is not ours
//! to know.

use std::fmt;

use farhand_protocol::channel::at_end::{LockDone, LockWay};

pub mod fake;

#[cfg(target_os = "linux")]
#[path = "screen_lock/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/screen_lock.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "screen_lock/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/screen_lock.rs"]
mod os;

/// Which back end locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// Locks nothing and remembers that it was asked, see [`fake`].
    Fake,
}

/// Where to look. What is left out is the session's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The display, such as `:1`.
    pub display: Option<String>,
    /// Address of the bus of the person's session.
    pub session_bus: Option<String>,
    /// Address of the machine's bus.
    pub system_bus: Option<String>,
}

/// Locks this machine's screen.
pub trait ScreenLock: Send + fmt::Debug {
    /// How far that can be done. May wait for other programs, two seconds at most.
    fn way(&mut self) -> LockWay;

    /// Locks it now. May wait for other programs, a few seconds at most.
    ///
    /// # Errors
    /// [`LockError`]: it stands open.
    fn lock(&mut self) -> Result<LockDone, LockError>;
}

/// Why the screen could not be locked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Nothing here locks a screen.
    #[error("This program cannot lock the screen of this system.")]
    NotHere,
    /// What should have locked it did not.
    #[error("The screen could not be locked ({detail}).")]
    Refused {
        /// What is wrong.
        detail: String,
    },
}

/// The screen of the session this program runs in.
#[must_use]
pub fn open_screen_lock(preference: Backend) -> Box<dyn ScreenLock> {
    open_screen_lock_at(preference, Places::default())
}

/// The screen of another session.
#[must_use]
pub fn open_screen_lock_at(preference: Backend, places: Places) -> Box<dyn ScreenLock> {
    match preference {
        Backend::Auto => os::open(places),
        Backend::Fake => Box::new(fake::FakeLock::default()),
    }
}
