//! What whoever installed this program on the whole machine set for it. Conveniences for its window, never trusted.

#[cfg(not(target_os = "windows"))]
#[path = "installed/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/installed.rs"]
mod os;

/// The address of a service as the installer was given it (`SERVERURL`), up to 511 letters; none where there is none.
/// Nobody has looked at what it says.
#[must_use]
pub fn server() -> Option<String> {
    os::server().map(|server| server.trim().to_owned()).filter(|server| !server.is_empty())
}
