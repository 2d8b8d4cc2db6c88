//! What all programs of Farhand share: rights, the consent and session machines, signals, channel messages,
//! the screen stream's header and the framing of streams. No clock, no socket, no runtime.
#![forbid(unsafe_code)]

pub mod api;
pub mod channel;
pub mod consent;
pub mod envelope;
pub mod framing;
pub mod keys;
pub mod mirror;
pub mod rights;
pub mod screen;
pub mod session;
pub mod signal;
pub mod transfer;
#[cfg(feature = "ts")]
pub mod typescript;
#[cfg(any(test, feature = "ts"))]
pub mod vectors;
pub mod version;

/// Identifies one participant within a session; unique for the session's life. 0 is never given out.
pub type ParticipantId = u8;
