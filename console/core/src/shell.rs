//! What only a desktop can do.

use std::path::Path;

use crate::types::{Event, KeyboardHold};

/// A desktop refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShellError(pub String);

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

    /// Shows a notification about a session; choosing it shows the session.
    fn notify(&self, session: &str, title: &str, text: &str);

    /// Shows these sessions beside the clock.
    fn show_tray(&self, sessions: &[TraySession]);

    /// Takes the whole keyboard for a window, or gives it back; says what the window has then.
    fn hold_keyboard(&self, window: &str, hold: bool) -> KeyboardHold;

    /// The proxy that the desktop's settings name for an address.
    fn system_proxy(&self, address: &str) -> Option<String>;

    /// Hands a package to the system's installer.
    ///
    /// # Errors
    /// [`ShellError`].
    fn install(&self, package: &Path) -> Result<(), ShellError>;

    /// Whether pages are to draw the customer's screen themselves: see [`crate::types::Status::painted`].
    fn pages_paint(&self) -> bool;

    /// What stands in a report: the desktop and the web view, with versions.
    fn facts(&self) -> Vec<String>;
}
