//! Where this program was started from: the console of whoever typed its name, and the language of their desktop.

#[cfg(target_os = "macos")]
#[path = "macos/console.rs"]
mod os;
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
#[path = "console/none.rs"]
mod os;
#[cfg(target_os = "windows")]
#[path = "windows/console.rs"]
mod os;

/// Writes to the console that this program was started from, where the system does not see to that by itself. Nothing is
/// opened where there is none.
pub fn attach() {
    os::attach();
}

/// The desktop's language, such as `de-DE`, where the environment does not name it. None where that is not known.
#[must_use]
pub fn locale() -> Option<String> {
    os::locale()
}
