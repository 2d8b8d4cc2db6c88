//! The desktop console without its windows: which service it trusts, how it is signed in, what its pages may ask for,
//! and the way of the session's messages from the link to the renderer.
//!
//! The pages know [`types`] and nothing else; [`Controller`] carries their requests out, and asks the desktop for what
//! only a desktop has by the [`Shell`] trait. Tauri is one implementation of it, the tests' mock another.
#![forbid(unsafe_code)]

pub mod commands;
pub mod controller;
pub mod decoder;
pub mod deep_link;
pub mod door;
pub mod drops;
pub mod files;
pub mod folder;
pub mod instance;
pub mod log;
pub mod server;
pub mod settings;
pub mod shell;
pub mod socket;
pub mod types;
pub mod vault;
pub mod watch;

mod api;

pub use controller::Controller;
pub use shell::Shell;

/// How the program names itself to the service.
pub const PROGRAM: &str = concat!("farhand-console/", env!("CARGO_PKG_VERSION"));
