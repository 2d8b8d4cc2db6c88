//! Desktops that run on Wayland: no program sees the screen or presses keys by itself there. It asks the desktop's portal
//! (`xdg-desktop-portal`), which asks the customer in a window of its own; what that gives are PipeWire streams for the
//! picture, and calls on the session bus for keys and pointer.
//!
//! - [`portal`]: what the desktop agreed to, asked for once and shared by capture and input;
//! - [`picture`]: what the streams brought;
//! - [`pipewire`]: the library that brings it;
//! - [`capture`] and [`input`]: behind the façades.

pub mod capture;
pub mod input;
pub mod picture;
pub mod pipewire;
pub mod portal;

/// Whether this program runs in a Wayland session. An X server for older programs (XWayland) may be there as well: it
/// shows only their windows, and presses keys only in them, so it is no way to the desktop.
pub fn is_here() -> bool {
    std::env::var_os("WAYLAND_DISPLAY").is_some_and(|display| !display.is_empty())
}
