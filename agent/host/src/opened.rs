//! The address that somebody followed to this program, where the system does not say it on the command line.

#[cfg(target_os = "macos")]
#[path = "macos/opened.rs"]
mod os;
#[cfg(not(target_os = "macos"))]
#[path = "opened/none.rs"]
mod os;

/// Asks the system for it, once, before anything else of its windows is asked for in this process, by the thread that began
/// it. May wait a second. Whoever wrote the address is unknown, and so is its length.
#[must_use]
pub fn address() -> Option<String> {
    os::address()
}
