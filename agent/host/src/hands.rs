//! What hands do to this machine's keyboard and mouse, whoever has the focus and whatever is grabbed: so that the
//! customer's chord is heard in every program, and a touch of the mouse can be told from what a technician does.
//!
//! Nothing is kept and nothing is passed on but a key's number: the agent looks for its chord and forgets the rest.

use std::fmt;

use farhand_protocol::keys::Usage;

pub mod fake;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
#[path = "hands/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/hands.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "hands/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/hands.rs"]
mod os;

/// Which back end listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// Raw events of XInput on an X11 display.
    X11,
    /// Whatever a test says, see [`fake`].
    Fake,
}

/// What was done, and whether by a device of this machine. On X11 what a program puts in by XTEST is not, be it this
/// one, an on-screen keyboard or a remote desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A key went down or up.
    Key {
        /// Which.
        usage: Usage,
        /// Down or up.
        down: bool,
        /// By a device.
        physical: bool,
    },
    /// A button went down, or the wheel turned.
    Button {
        /// By a device.
        physical: bool,
    },
    /// The pointer moved.
    Motion {
        /// By a device.
        physical: bool,
    },
}

/// Listens until it is dropped.
pub trait Hands: Send + fmt::Debug {
    /// Whether buttons and motion are told too. Not at first.
    fn listen_to_all(&self, all: bool);
}

/// Is told on a thread of its own, in the order in which it was done. Must not block.
pub type Tell = Box<dyn Fn(Done) + Send>;

/// Why nothing is heard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandsError {
    /// The display's failure.
    #[error("This computer's own keyboard and mouse cannot be told from the technician's ({detail}).")]
    Refused {
        /// What is wrong.
        detail: String,
    },
    /// The back end asked for is not on this system.
    #[error("This program cannot watch the keyboard and mouse of this system.")]
    NotHere,
}

/// Listens to the session this program runs in.
///
/// # Errors
/// [`HandsError`].
pub fn open_hands(preference: Backend, tell: Tell) -> Result<Box<dyn Hands>, HandsError> {
    open_hands_on(preference, None, tell)
}

/// Listens to the display named, such as `:1`; the session's if `None`.
///
/// # Errors
/// [`HandsError`].
pub fn open_hands_on(
    preference: Backend,
    display: Option<&str>,
    tell: Tell,
) -> Result<Box<dyn Hands>, HandsError> {
    match preference {
        Backend::Fake => Ok(Box::new(fake::FakeHands::new(tell))),
        Backend::Auto | Backend::X11 => os::open(display, tell),
    }
}
