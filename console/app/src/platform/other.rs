//! Systems whose own parts are not built: what Tauri does by itself is what there is.

use std::io;
use std::path::Path;

use notify_rust::Notification;
use tauri::WebviewWindow;

/// The kind of package that updates come as.
pub const PACKAGE: &str = "none";

/// Nothing has to be done before the program starts.
pub fn begin() {}

/// Nothing has to be prepared.
pub fn prepare() {}

/// Keys that the system keeps stay with it.
pub fn hold_keyboard(_window: &WebviewWindow, _hold: bool) -> bool {
    false
}

/// The environment's proxy is all that is known.
pub fn system_proxy(_address: &str) -> Option<String> {
    None
}

/// The web view's own matter.
pub fn composes() -> bool {
    true
}

/// The web view loads its page again by itself.
pub fn watch_pages(_window: &WebviewWindow) {}

/// The web view's own matter.
pub fn close_with_page(_window: &WebviewWindow) {}

/// Nothing shows it.
///
/// # Errors
/// Always.
pub fn show_outside(_address: &str) -> io::Result<()> {
    Err(io::Error::other("this system's browser is not known"))
}

/// Shows a notification. A click on it is the system's own matter.
///
/// # Errors
/// The desktop's.
pub fn notify(
    notice: Notification,
    _show: &str,
    _chosen: impl FnOnce(),
) -> Result<(), notify_rust::error::Error> {
    notice.show().map(|_| ())
}

/// Packages of these systems come with their installers.
///
/// # Errors
/// Always.
pub fn install(_package: &Path) -> io::Result<()> {
    Err(io::Error::other("updates cannot be installed on this system"))
}

/// Nothing more than what everybody has.
pub fn facts() -> Vec<String> {
    Vec::new()
}
