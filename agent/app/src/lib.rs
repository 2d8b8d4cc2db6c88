//! The customer's program: joins a session by its code, asks the customer, shares the screen and passes keys on, as far
//! as [`farhand_agent_core::Agent`] lets it.
//!
//! Three processes of the same binary: the session ([`join`]), its window ([`ui`], which may die without ending the
//! session), and the keeper (lets go of held keys when the session process is killed).
//! There is no switch that answers a prompt: an answer comes from a person at the window and nowhere else.

pub mod api;
pub mod blocked;
pub mod brakes;
pub mod config;
pub mod fail;
pub mod input;
pub mod join;
pub mod log;
pub mod noticed;
pub mod permissions;
pub mod receipt;
pub mod resume;
pub mod screen;
pub mod sealing;
pub mod session;
pub mod settings;
pub mod signal;
pub mod start;
pub mod strings;
pub mod tls;
pub mod tools;
pub mod tried;
pub mod ui;
pub mod update;
pub mod window;

/// Program and version, as the service logs it.
pub const PROGRAM: &str = concat!("farhand-agent/", env!("CARGO_PKG_VERSION"));
