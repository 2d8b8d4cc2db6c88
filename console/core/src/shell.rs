//! What only a desktop can do.

use std::path::{Path, PathBuf};

use crate::types::{ClipFormat, Event, KeyboardHold};

/// A desktop refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShellError(pub String);

/// Why the clipboard of this computer gives or takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clip {
    /// The window that asks has not the focus.
    Unfocused,
    /// Nothing that is passed on lies there.
    Empty,
    /// A password manager marked it.
    Secret,
    /// It is larger than its limit.
    TooLarge,
    /// Nobody answers.
    Failed,
    /// This program does not reach this system's clipboard.
    Unsupported,
}

/// Takes what the clipboard holds: formats of one thing.
pub type ClipRead = Box<dyn FnOnce(Result<Vec<(ClipFormat, Vec<u8>)>, Clip>) + Send>;
/// Is told whether something lies on the clipboard now.
pub type ClipWritten = Box<dyn FnOnce(Result<(), Clip>) + Send>;

/// A waiting or open session beside the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraySession {
    /// Identifier.
    pub session: String,
    /// Such as `482 193 5710`, or who has come.
    pub label: String,
}

/// The desktop, as the [`crate::Controller`] sees it. No method blocks for long, all may be called from any thread.
pub trait Shell: Send + Sync + 'static {
    /// Opens a window that shows one session, or brings the one to the front that shows it already.
    ///
    /// # Errors
    /// [`ShellError`].
    fn open_session_window(&self, session: &str) -> Result<(), ShellError>;

    /// Brings the main window to the front, and back if it was put away.
    fn show_main(&self);

    /// Tells every page that listens.
    fn tell(&self, event: Event);

    /// Tells the page of one window.
    fn tell_page(&self, window: &str, event: Event);

    /// Shows a notification; choosing it shows this session, or the overview without one.
    fn notify(&self, session: Option<&str>, title: &str, text: &str);

    /// Shows these sessions beside the clock.
    fn show_tray(&self, sessions: &[TraySession]);

    /// Takes the whole keyboard for a window, or gives it back; says what the window has then.
    fn hold_keyboard(&self, window: &str, hold: bool) -> KeyboardHold;

    /// The window of the program that has the focus fills its screen, or does so no longer; without one that has it,
    /// this window.
    fn toggle_full_screen(&self, window: &str);

    /// The proxy that the desktop's settings name for an address.
    fn system_proxy(&self, address: &str) -> Option<String>;

    /// Hands a package to the system's installer.
    ///
    /// # Errors
    /// [`ShellError`].
    fn install(&self, package: &Path) -> Result<(), ShellError>;

    /// The folder that people look for downloads in.
    fn downloads(&self) -> Option<PathBuf>;

    /// Reads the clipboard for a window that has the focus, unless a password manager marked what lies there.
    fn read_clipboard(&self, window: &str, then: ClipRead);

    /// Puts formats of one thing there, for a window that has the focus.
    fn write_clipboard(&self, window: &str, parts: Vec<(ClipFormat, Vec<u8>)>, then: ClipWritten);

    /// Whether pages are to draw the customer's screen themselves: see [`crate::types::Status::painted`].
    fn pages_paint(&self) -> bool;

    /// What stands in a report: the desktop and the web view, with versions.
    fn facts(&self) -> Vec<String>;
}
