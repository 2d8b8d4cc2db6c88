//! What the machine is and does: a summary, processes, services, the log, installed software. Read and acted on as the
//! account that this program runs as; what the system refuses to that account is refused.
//!
//! Programs of the system that are asked are started by a fixed path with a list of arguments, never through a shell; what
//! they say is bounded, and so is the time they have.

use farhand_protocol::channel::diagnostics::{LogLine, Package, Process, Service, Summary};

pub mod fake;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod people;
#[cfg(target_os = "windows")]
#[path = "windows/people.rs"]
mod people;
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
mod tables;

#[cfg(target_os = "linux")]
#[path = "system/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "macos/system.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "system/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/system.rs"]
mod os;

/// Why something could not be read or done. The texts are the system's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SystemError {
    /// This account may not.
    #[error("{0}")]
    Denied(String),
    /// There is no such process or service.
    #[error("{0}")]
    Gone(String),
    /// This computer has no such thing.
    #[error("{0}")]
    NotHere(String),
    /// No answer in time.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// Something else.
    #[error("{0}")]
    Failed(String),
}

/// Which lines of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogWanted {
    /// The newest so many.
    pub newest: u16,
    /// Of this priority and graver ones, 0 to 7.
    pub priority: u8,
    /// Of this unit only; of all where it is empty.
    pub unit: String,
    /// Behind this place only, one that an earlier answer named; from anywhere where it is empty.
    pub after: String,
}

/// What a service is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceChange {
    /// Start.
    Start,
    /// Stop.
    Stop,
    /// Stop, then start.
    Restart,
}

/// The machine.
pub trait System: Send {
    /// What it is.
    ///
    /// # Errors
    /// [`SystemError`].
    fn summary(&mut self) -> Result<Summary, SystemError>;

    /// All processes that this account can see. May take a quarter of a second, to see what they use.
    ///
    /// # Errors
    /// [`SystemError`].
    fn processes(&mut self) -> Result<Vec<Process>, SystemError>;

    /// Ends a process of this account: asks it to, or kills it. `started` and `name` are those that
    /// [`System::processes`] gave: a number that was given to another process meanwhile ends nothing.
    ///
    /// # Errors
    /// [`SystemError::Gone`], [`SystemError::Denied`] for another account's process, for this program itself and for what it
    /// started.
    fn end_process(&mut self, pid: u32, started: u64, name: &str, force: bool) -> Result<(), SystemError>;

    /// All services that the system knows.
    ///
    /// # Errors
    /// [`SystemError`].
    fn services(&mut self) -> Result<Vec<Service>, SystemError>;

    /// Changes a service. Nobody is asked for a password.
    ///
    /// # Errors
    /// [`SystemError::Denied`], [`SystemError::Gone`], ...
    fn change_service(&mut self, name: &str, change: ServiceChange) -> Result<(), SystemError>;

    /// Lines of the log, oldest first, and the place of the last one (empty where there is none).
    ///
    /// # Errors
    /// [`SystemError`].
    fn log(&mut self, wanted: &LogWanted) -> Result<(Vec<LogLine>, String), SystemError>;

    /// Installed software.
    ///
    /// # Errors
    /// [`SystemError`].
    fn software(&mut self) -> Result<Vec<Package>, SystemError>;
}

/// This machine.
#[must_use]
pub fn open_system() -> Box<dyn System> {
    os::open()
}
