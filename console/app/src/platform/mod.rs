//! What differs by operating system and is not in Tauri: one file a system beside this one, all with the same functions.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;

pub use system::{
    PACKAGE, begin, composes, facts, hold_keyboard, install, notify, prepare, system_proxy, watch_pages,
};
