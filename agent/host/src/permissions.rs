//! What the system lets a program do only after its owner said so, to the system: see the screen, use keyboard and
//! pointer, hear the microphone. That is beside this program's own questions, which are asked whatever the system allows.
//!
//! Only macOS asks so. It tells of no change to a program that does not draw windows, so whoever shows this asks again.

pub mod fake;

#[cfg(target_os = "macos")]
#[path = "macos/permissions.rs"]
mod os;
#[cfg(not(target_os = "macos"))]
#[path = "permissions/none.rs"]
mod os;

/// Which back end is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// This system.
    #[default]
    Auto,
    /// Whatever a test says, see [`fake`].
    Fake,
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// See the screen: without it nothing can be shared.
    Screen,
    /// Press keys, move the pointer and hear the chord that takes control back: without it nobody is helped by more than
    /// looking.
    Control,
    /// Hear the microphone. This version does not speak, and asks for nothing.
    Microphone,
}

/// Where a permission stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there.
    Granted,
    /// The owner can give it.
    Missing,
    /// The owner was asked and said no; it can be changed in the system's settings.
    Refused,
    /// It can be given, and this version has no use for it.
    Unused,
}

/// What the system lets this program do.
pub trait Permissions: Send {
    /// What this system asks its owner for, with where it stands now; empty where it asks for nothing. Quick, and never
    /// shows anything.
    fn look(&mut self) -> Vec<(Permission, State)>;

    /// Has the system ask its owner, where it does that once, and opens the page of its settings where the answer is
    /// changed.
    fn open_settings(&mut self, permission: Permission);
}

/// This system.
#[must_use]
pub fn open_permissions(preference: Backend) -> Box<dyn Permissions> {
    match preference {
        Backend::Auto => os::open(),
        Backend::Fake => Box::new(fake::FakePermissions::default()),
    }
}
