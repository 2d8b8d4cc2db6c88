//! What the back ends for macOS share. What of it asks no system is compiled for the tests of every system.
#![cfg_attr(not(target_os = "macos"), allow(dead_code, reason = "used on macOS, tested everywhere"))]

pub mod keys;
pub mod layout;

#[cfg(target_os = "macos")]
#[path = "macos/calls.rs"]
mod calls;
#[cfg(target_os = "macos")]
pub use calls::*;
