//! Keys, pointer and text put into this machine as if typed here.
//!
//! Keys are physical ones ([`Usage`]): which letter comes out is the layout's business. An [`Injector`] remembers what
//! it holds down and lets go of it when dropped; what happens when the whole process dies is [`crate::keeper`]'s.

use farhand_protocol::channel::Button;
use farhand_protocol::keys::Usage;

#[cfg(all(target_os = "linux", feature = "enigo"))]
mod enigo;
pub mod fake;
#[cfg(target_os = "linux")]
pub(crate) mod keysyms;
#[cfg(target_os = "linux")]
mod layout;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
#[path = "input/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/input.rs"]
pub(crate) mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "input/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/input.rs"]
pub(crate) mod os;

/// One notch of a wheel, in the units of [`Injector::wheel`].
pub const NOTCH: i32 = 120;
/// The most notches that one call of [`Injector::wheel`] turns; the rest is dropped.
pub const MAX_NOTCHES: i32 = 64;

/// Which back end injects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// XTEST on an X11 display.
    X11,
    /// The portal of a desktop that runs on Wayland.
    Wayland,
    /// The crate `enigo`. The baseline that others must beat.
    Enigo,
    /// Remembers what was put in and does nothing, see [`fake`].
    Fake,
}

/// Keys and pointer of this machine. Every call takes effect at once, without waiting for the display server.
pub trait Injector: Send {
    /// A key goes down or up. A key that is down already, or up already, is left alone: the display server makes its
    /// own repeats.
    ///
    /// # Errors
    /// [`InjectError::UnknownKey`] for a key that this system does not have, else the display's failure.
    fn key(&mut self, usage: Usage, down: bool) -> Result<(), InjectError>;

    /// Moves the pointer, pixels from the screen's top left corner. Places outside the screen are its edge.
    ///
    /// # Errors
    /// The display's failure.
    fn pointer(&mut self, x: i32, y: i32) -> Result<(), InjectError>;

    /// Moves the pointer by so many pixels from where it is, right and down. It stays on the screen.
    ///
    /// # Errors
    /// The display's failure.
    fn pointer_by(&mut self, dx: i32, dy: i32) -> Result<(), InjectError>;

    /// A pointer button goes down or up.
    ///
    /// # Errors
    /// The display's failure.
    fn button(&mut self, button: Button, down: bool) -> Result<(), InjectError>;

    /// Turns the wheel. [`NOTCH`] is one notch, positive is right and up; parts of a notch add up.
    ///
    /// # Errors
    /// The display's failure.
    fn wheel(&mut self, dx: i32, dy: i32) -> Result<(), InjectError>;

    /// Types a text as it stands, whatever the layout and whatever keys are held. Line ends are the Return key, tabs
    /// the Tab key; other control characters are left out. May block for some hundred milliseconds where a text has
    /// many characters that no key of the layout makes.
    ///
    /// # Errors
    /// The display's failure.
    fn text(&mut self, text: &str) -> Result<(), InjectError>;

    /// Presses and lets go of whichever key makes this character, together with the Ctrl, Alt and Meta that are held: a
    /// shortcut by its letter. A letter that has a small and a large form is pressed by its key, with Shift only where
    /// it is held; for other characters Shift and AltGr are as the layout wants them.
    ///
    /// # Errors
    /// The display's failure, or [`InjectError::NoFreeKey`].
    fn letter(&mut self, letter: char) -> Result<(), InjectError>;

    /// Waits until the display server has taken everything in.
    ///
    /// # Errors
    /// The display's failure.
    fn flush(&mut self) -> Result<(), InjectError>;

    /// Lets go of every key and button that this injector holds down.
    ///
    /// # Errors
    /// The display's failure.
    fn release_all(&mut self) -> Result<(), InjectError>;
}

/// Why keys or pointer cannot be passed on. Each is a sentence for people that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InjectError {
    /// No display is named.
    #[error("There is no display to control. Start this program inside a graphical session, or set DISPLAY.")]
    NoDisplay,
    /// The display named does not answer.
    #[error("The display {display} does not answer. Check that DISPLAY names a running X server.")]
    Unreachable {
        /// Its name.
        display: String,
    },
    /// The display refuses this user.
    #[error(
        "The display {display} refuses access. Start this program as the user whose screen it is, \
         or set XAUTHORITY to that user's file."
    )]
    Forbidden {
        /// Its name.
        display: String,
    },
    /// The display server lacks something.
    #[error(
        "The display server lacks the extension {name}. Switch it on in the display server's configuration."
    )]
    MissingExtension {
        /// Name of the extension.
        name: &'static str,
    },
    /// A key that this system does not have.
    #[error("This computer has no key for usage {usage}. Press another key.")]
    UnknownKey {
        /// USB HID usage.
        usage: u16,
    },
    /// No key is free to carry a character that the layout does not make.
    #[error(
        "This keyboard layout has no free key for the text. Type the text by keys, or switch the layout."
    )]
    NoFreeKey,
    /// The display server refuses a request.
    #[error("The display server refuses keys and pointer ({detail}). Check the policy of this desktop.")]
    Refused {
        /// What it said.
        detail: String,
    },
    /// macOS has not been told that this program may press keys.
    #[error(
        "macOS does not let this program use keyboard and pointer. Allow it under System Settings, \
         Privacy & Security, Accessibility."
    )]
    NotAllowed,
    /// The display server went away.
    #[error("The display server is gone. Control works again once the desktop is back.")]
    Gone,
    /// The desktop asks the customer by itself, and has not agreed to keys and pointer.
    #[error(
        "This desktop has not agreed that keys and pointer come from another computer: its own question was not answered \
         so, or it lets no program do that."
    )]
    NotAgreed,
    /// The back end asked for is not in this program or not on this system.
    #[error("This program cannot pass on keys in the way {name} on this system. Choose another way.")]
    NotHere {
        /// Name of the back end.
        name: &'static str,
    },
}

/// Opens keys and pointer of the session this program runs in.
///
/// # Errors
/// [`InjectError`], a sentence that says what to do.
pub fn open_injector(preference: Backend) -> Result<Box<dyn Injector>, InjectError> {
    open_injector_on(preference, None)
}

/// Opens keys and pointer of the display named, such as `:1`; the session's if `None`.
///
/// # Errors
/// [`InjectError`], a sentence that says what to do.
pub fn open_injector_on(
    preference: Backend,
    display: Option<&str>,
) -> Result<Box<dyn Injector>, InjectError> {
    match preference {
        Backend::Fake => Ok(Box::new(fake::FakeInput::default().injector())),
        Backend::Auto | Backend::X11 | Backend::Wayland | Backend::Enigo => os::open(preference, display),
    }
}

/// Adds up parts of a notch and hands out whole ones. A turn in the other direction drops what was left.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Notches {
    rest: i32,
}

impl Notches {
    /// Whole notches to turn now, within [`MAX_NOTCHES`] either way.
    pub(crate) fn turn(&mut self, units: i32) -> i32 {
        if units == 0 {
            return 0;
        }
        if units.signum() == -self.rest.signum() {
            self.rest = 0;
        }
        let sum = self.rest.saturating_add(units);
        self.rest = sum % NOTCH;
        (sum / NOTCH).clamp(-MAX_NOTCHES, MAX_NOTCHES)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_NOTCHES, NOTCH, Notches};

    #[test]
    fn parts_of_a_notch_add_up() {
        let mut notches = Notches::default();
        assert_eq!([50, 50, 50, 50, 50].map(|units| notches.turn(units)), [0, 0, 1, 0, 1]);
        assert_eq!(notches.turn(-10), 0);
        assert_eq!(notches.turn(-110), -1, "what was left of the other direction is gone");
    }

    #[test]
    fn a_huge_turn_is_bounded_and_does_not_overflow() {
        let mut notches = Notches::default();
        assert_eq!(notches.turn(i32::MAX), MAX_NOTCHES);
        assert_eq!(notches.turn(i32::MAX), MAX_NOTCHES);
        assert_eq!(notches.turn(i32::MIN), -MAX_NOTCHES);
        assert_eq!(notches.turn(NOTCH), 1);
    }
}
