//! The customer's machine: its screen, its keys and pointer, its video encoders. The only crate that may ask which
//! operating system it runs on and the only one with `unsafe`; everything above works against the façades here, each
//! of which has a back end that needs no machine at all ([`capture::fake`], [`clipboard::fake`], [`input::fake`],
//! [`encode::fake`]).
//!
//! - [`agreement`]: what the desktop itself has to agree to, where it asks;
//! - [`capture`]: what the screen shows and which part of it changed;
//! - [`clipboard`]: what people copied, and what is put there for them to paste;
//! - [`input`]: keys, pointer and text put in as if typed here;
//! - [`keeper`]: a child process that lets go of held keys when the agent dies;
//! - [`hands`]: what is done to this machine's own keyboard and mouse;
//! - [`overlay`]: the border of a controlled screen, and what technicians point at;
//! - [`guard`]: keeps a window in sight;
//! - [`screen_lock`]: locks the screen;
//! - [`keyring`]: secrets in the system's keyring;
//! - [`restart`]: restarts the machine, and has this program started afterwards;
//! - [`files`]: files of the far side, confined to a folder;
//! - [`system`]: what the machine is and does: summary, processes, services, log, software;
//! - [`pty`]: the customer's command line, at a terminal that somebody else sits at;
//! - [`console`]: where this program was started from;
//! - [`installed`]: what whoever installed this program set for it;
//! - [`opened`]: the address that somebody followed to this program;
//! - [`permissions`]: what the system lets this program do, and where its owner changes that;
//! - [`monitors`]: which monitors and windows there are, and what must not be seen of them;
//! - [`encode`]: video encoders for the regions that move like video.

pub mod agreement;
pub mod capture;
pub mod clipboard;
pub mod clock;
pub mod console;
pub mod encode;
pub mod files;
pub mod guard;
pub mod hands;
pub mod input;
pub mod installed;
pub mod keeper;
pub mod keyring;
#[cfg(any(target_os = "macos", test))]
mod macos;
pub mod monitors;
pub mod opened;
pub mod overlay;
pub mod permissions;
pub mod pty;
pub mod restart;
pub mod screen_lock;
pub mod system;
#[cfg(target_os = "linux")]
mod wayland;
#[cfg(target_os = "windows")]
mod windows;
#[cfg(target_os = "linux")]
mod x11;

pub use capture::{Capturer, open_capturer};
pub use encode::open_video_encoder;
pub use input::{Injector, open_injector};
