//! Restarts this machine, as whoever sits here may, and has this program started once when they have signed in again.
//!
//! On Linux the session manager (logind) restarts it, and an entry among the desktop's programs that start by themselves
//! ([XDG autostart]) starts this one; the entry is removed by the program that it started. On Windows the system restarts
//! it, and an entry of the registry (`RunOnce`) starts this one, which the system removes before.
//!
//! [XDG autostart]: https://specifications.freedesktop.org/autostart-spec/latest/

use std::fmt;
use std::path::PathBuf;

pub mod fake;
#[cfg(any(target_os = "windows", test))]
mod line;

#[cfg(target_os = "linux")]
#[path = "restart/linux.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "windows")))]
#[path = "restart/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/restart.rs"]
mod os;

/// Which back end restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The best one that works here.
    #[default]
    Auto,
    /// Restarts nothing and remembers that it was asked, see [`fake`].
    Fake,
}

/// Where to look. What is left out is the session's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Address of the machine's bus.
    pub system_bus: Option<String>,
    /// Folder of the programs that start by themselves; on Windows the key, of the person's own part of the registry.
    pub autostart: Option<PathBuf>,
    /// The file with this machine's own number.
    pub machine_id: Option<PathBuf>,
}

/// What is started after the next sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// Name for people.
    pub title: String,
    /// The program, as a whole path.
    pub program: PathBuf,
    /// Its arguments. No secrets: others may read them.
    pub arguments: Vec<String>,
}

/// Restarts this machine.
pub trait Restarter: Send + fmt::Debug {
    /// Whether it can be asked for here. May wait for other programs, a second at most.
    fn is_possible(&mut self) -> bool;

    /// Has this started, once, after the next sign-in.
    ///
    /// # Errors
    /// [`RestartError`].
    fn start_afterwards(&mut self, start: &Start) -> Result<(), RestartError>;

    /// Nothing is started afterwards.
    ///
    /// # Errors
    /// [`RestartError`].
    fn start_nothing(&mut self) -> Result<(), RestartError>;

    /// Restarts it now. When this comes back the system is about it. May wait for other programs, some seconds at most.
    ///
    /// # Errors
    /// [`RestartError`]: it does not restart.
    fn restart(&mut self) -> Result<(), RestartError>;

    /// A number that this machine has and others have not, and that is there again after a restart; nothing where the
    /// system has none. Others on this machine may know it.
    fn machine(&self) -> Option<String>;
}

/// Why it does not restart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestartError {
    /// Nothing here restarts a machine.
    #[error("This program cannot restart this system.")]
    NotHere,
    /// The system does not let this account do it.
    #[error("The system does not allow this account to restart the computer ({detail}).")]
    NotAllowed {
        /// In its words.
        detail: String,
    },
    /// Something failed.
    #[error("The computer could not be restarted ({detail}).")]
    Failed {
        /// What.
        detail: String,
    },
}

/// The machine that this program runs on.
#[must_use]
pub fn open_restarter(preference: Backend) -> Box<dyn Restarter> {
    open_restarter_at(preference, Places::default())
}

/// With other places.
#[must_use]
pub fn open_restarter_at(preference: Backend, places: Places) -> Box<dyn Restarter> {
    match preference {
        Backend::Auto => os::open(places),
        Backend::Fake => Box::new(fake::FakeRestarter::default()),
    }
}
