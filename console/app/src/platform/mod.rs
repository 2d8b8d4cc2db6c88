//! What differs by operating system and is not in Tauri: one file a system beside this one, all with the same functions.

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod system;

#[cfg(target_os = "linux")]
mod clipboard;
#[cfg(not(target_os = "linux"))]
#[path = "no_clipboard.rs"]
mod clipboard;

pub use clipboard::{read_clipboard, write_clipboard};
pub use system::{
    PACKAGE, begin, close_with_page, composes, facts, hold_keyboard, install, notify, prepare, show_outside,
    system_proxy, watch_pages,
};
