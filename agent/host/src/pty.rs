//! The customer's own command line, at a terminal that somebody else sits at.
//!
//! It runs as the account that this program runs as, with nothing more. Everything started from it carries a mark in its
//! environment, so that [`end_marked`] finds it again wherever it went, also when this program was killed meanwhile
//! ([`crate::keeper`]).

use std::io;
use std::sync::Arc;
use std::time::Duration;

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[path = "pty/unix.rs"]
mod os;
#[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "windows")))]
#[path = "pty/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/pty.rs"]
mod os;
#[cfg(target_os = "linux")]
#[path = "pty/linux.rs"]
mod processes;
#[cfg(target_os = "macos")]
#[path = "macos/processes.rs"]
mod processes;

/// The variable that carries the mark.
pub const MARK: &str = "FARHAND_TERMINAL";
/// Letters of a mark; nothing else is one.
pub const MARK_LENGTH: usize = 32;

/// How a terminal takes what is typed, at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    /// Line by line, shown as it is typed.
    Shown,
    /// Line by line, and not shown: it asks for a password.
    Secret,
    /// Key by key: a program shows what it makes of it.
    Raw,
}

/// What a read of a terminal gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes.
    Some(usize),
    /// Nothing for now.
    Nothing,
    /// It is over.
    End,
}

/// A terminal. Its methods may be called from several threads.
pub trait Terminal: Send + Sync {
    /// The program, and whose it is.
    fn about(&self) -> (String, String);

    /// Reads what was written to it; waits for at most so long.
    ///
    /// # Errors
    /// The system's.
    fn read(&self, into: &mut [u8], wait: Duration) -> io::Result<Read>;

    /// How it would take a key now.
    ///
    /// # Errors
    /// The system's, such as when it is gone.
    fn typing(&self) -> io::Result<Typing>;

    /// Types; waits for at most so long. How many bytes were taken.
    ///
    /// # Errors
    /// The system's, such as when it is gone.
    fn write(&self, bytes: &[u8], wait: Duration) -> io::Result<usize>;

    /// Gives it another size, in letters.
    ///
    /// # Errors
    /// The system's, such as when it is gone.
    fn resize(&self, cols: u16, rows: u16) -> io::Result<()>;

    /// How its program ended, for people; nothing while it runs.
    fn ended(&self) -> Option<String>;

    /// Its mark.
    fn mark(&self) -> &str;

    /// Ends its program and everything started from it. Waits until they are gone, for two seconds at most.
    fn end(&self);
}

/// Why there is no command line. Each is a sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum PtyError {
    /// The system has no terminal to give.
    #[error("This computer has no terminal to give ({0}).")]
    NoTerminal(io::Error),
    /// The account's shell cannot be started.
    #[error("The command line {program} cannot be started ({error}).")]
    NotStarted {
        /// Its path.
        program: String,
        /// The system's word.
        error: io::Error,
    },
    /// There is no command line for this system yet.
    #[error("This program has no command line on this system.")]
    NotHere,
}

/// Starts the account's own command line at a new terminal of this size, in letters.
///
/// # Errors
/// [`PtyError`].
pub fn open_terminal(cols: u16, rows: u16) -> Result<Arc<dyn Terminal>, PtyError> {
    os::open(cols, rows)
}

/// Ends everything that carries this mark, and what runs in the same terminal. Waits until it is gone, for two seconds at
/// most. What is no mark ends nothing.
pub fn end_marked(mark: &str) {
    if mark.len() == MARK_LENGTH && mark.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        os::end_marked(mark);
    }
}
