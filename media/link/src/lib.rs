//! The client's end of the media path: messages over QUIC, or over a WebSocket where UDP is blocked.
//!
//! [`spawn`] starts a link. It connects by QUIC, falls back to the WebSocket within a second, returns to QUIC when UDP
//! comes back, reconnects after a loss, and says so by [`LinkEvent`]s. Messages go out by [`LinkHandle::send`], which
//! never blocks and may be called from any thread.
#![forbid(unsafe_code)]

pub mod quic;
pub mod trust;

mod connect;
mod handle;
mod proxy;
mod queue;
mod socket;
mod task;

pub use connect::{ConnectError, open_tls};
pub use handle::{
    Carrier, LinkConfig, LinkError, LinkEvent, LinkHandle, LinkStats, MAX_BACKLOG, MAX_URGENT_BACKLOG,
    Timing, Udp, spawn,
};
pub use proxy::Proxy;
