//! Keeps a window of this program in sight: one that must not be hidden while anything is granted. It comes back when it
//! is covered or taken off the screen.

use std::fmt;

#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
#[path = "guard/linux.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "windows")))]
#[path = "guard/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/guard.rs"]
mod os;

/// Guards one window until it is dropped.
pub trait Guard: Send + fmt::Debug {
    /// Whether the window must be seen now. Not at first.
    fn keep_in_sight(&self, wanted: bool);
}

/// Why a window cannot be guarded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// The display's failure.
    #[error("The window cannot be kept in sight ({detail}).")]
    Refused {
        /// What is wrong.
        detail: String,
    },
    /// Not on this system.
    #[error("Windows cannot be kept in sight on this system.")]
    NotHere,
}

/// Guards the window with this number. `lost` is called once, on a thread of its own, when another program destroyed it.
///
/// # Errors
/// [`GuardError`].
pub fn guard(
    display: Option<&str>,
    window: u32,
    lost: impl FnOnce() + Send + 'static,
) -> Result<Box<dyn Guard>, GuardError> {
    os::guard(display, window, Box::new(lost))
}
