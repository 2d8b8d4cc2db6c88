//! Desktops that let no program see the screen or press keys before they have asked the person at it themselves, in a
//! window of their own: Wayland's portals. Farhand's own question comes first; what is granted there is asked for here,
//! and given back when it is over. Elsewhere there is nothing to do.

#[cfg(target_os = "linux")]
#[path = "agreement/linux.rs"]
mod os;
#[cfg(not(target_os = "linux"))]
#[path = "agreement/none.rs"]
mod os;

use crate::capture::CaptureError;

/// What the customer granted, of what a desktop may have to agree to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The screen may be seen.
    pub view: bool,
    /// Keys and pointer may be used.
    pub control: bool,
    /// Certain windows have to be kept out of sight, and so nothing may be shown but single windows.
    pub windows_only: bool,
}

/// How a desktop stands to what it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was not asked, or has not answered, or is not one that asks.
    Open,
    /// It agreed to everything.
    Agreed,
    /// It shows the screen, and takes no keys and no pointer.
    OnlyLook,
    /// The person at it said no, or took it back.
    Refused,
    /// It failed or went away: it has to be asked anew, which needs a grant anew.
    Over,
}

/// How the desktop that this program runs on stands to what was wanted last.
#[must_use]
pub fn standing() -> Standing {
    os::standing(None)
}

/// The same of the desktop whose session bus has this address.
#[must_use]
pub fn standing_on(bus: &str) -> Standing {
    os::standing(Some(bus))
}

/// Whether the desktop that this program runs on asks by itself.
#[must_use]
pub fn asks_itself() -> bool {
    os::asks_itself()
}

/// Asks the desktop for what it has not agreed to yet, and gives everything back once nothing may be seen. Keys that are
/// taken back alone stay with the desktop's session, which would have to ask for the screen again: nothing is pressed all
/// the same. Never blocks: what comes of it is known by the capturer that is opened next.
pub fn want(wanted: Wanted) {
    want_on(None, wanted);
}

/// The same of the desktop whose session bus has this address; of the session's if `None`.
pub fn want_on(bus: Option<&str>, wanted: Wanted) {
    os::want(bus, wanted);
}

/// Whether there is something that can be asked. Asks nobody anything.
///
/// # Errors
/// [`CaptureError`], a sentence that says what to do.
pub fn probe() -> Result<(), CaptureError> {
    probe_on(None)
}

/// The same of the desktop whose session bus has this address; of the session's if `None`.
///
/// # Errors
/// As [`probe`].
pub fn probe_on(bus: Option<&str>) -> Result<(), CaptureError> {
    os::probe(bus)
}
