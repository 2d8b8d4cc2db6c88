//! The customer's agent without an operating system: the consent gate, flow control of the screen stream, and the keys
//! that technicians hold. No clock, no socket, no runtime: the shell hands in what happened and the time, and carries
//! out what comes back.
//!
//! There is one gate. [`Agent`] asks [`farhand_protocol::consent::Consent::permits`] before every effect on the
//! customer's machine, and holds the only `Consent`.
#![forbid(unsafe_code)]

mod agent;
pub mod colleagues;
mod counters;
pub mod hands;
mod keyboard;
mod limits;
mod output;
mod pacer;
pub mod resume;
mod senders;
pub mod tools;

pub use agent::{
    Agent, AgentConfig, DeskSeen, FrameReady, GOES_ALONE_WITHIN, GOES_WITHIN, KEPT_WITHIN, RESTART_CHOICES,
    RESTART_WAITS, Turn,
};
pub use counters::Counters;
pub use keyboard::{Keyboard, PressRefused};
pub use output::{FromCustomer, Inject, Invited, Output, Prompt, RestartAsk, RestartOutput};
pub use pacer::{Admission, Pacer, Pressure};
pub use senders::{SenderRefused, Senders};
