//! The customer's machine: its screen, its keys and pointer, its video encoders. The only crate that may ask which
//! operating system it runs on and the only one with `unsafe`; everything above works against the façades here, each
//! of which has a back end that needs no machine at all ([`capture::fake`], [`input::fake`], [`encode::fake`]).
//!
//! - [`capture`]: what the screen shows and which part of it changed;
//! - [`input`]: keys, pointer and text put in as if typed here;
//! - [`keeper`]: a child process that lets go of held keys when the agent dies;
//! - [`encode`]: video encoders for the regions that move like video.

pub mod capture;
pub mod encode;
pub mod input;
pub mod keeper;
#[cfg(target_os = "linux")]
mod x11;

pub use capture::{Capturer, open_capturer};
pub use encode::open_video_encoder;
pub use input::{Injector, open_injector};
