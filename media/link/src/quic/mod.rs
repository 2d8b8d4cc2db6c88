//! What both ends of a QUIC hop share: transport settings, the congestion controller, and the framing of messages on
//! streams and datagrams. [`Hop`] writes, [`Receiver`] reads; both work on anything that is a [`Session`].

mod controller;
mod gauge;
mod hop;
mod plain;
mod receiver;
mod run;
mod session;
mod transport;

pub use controller::{Calm, CalmConfig};
pub use gauge::Gauge;
pub use hop::{Hop, Source};
pub use plain::caller;
pub use receiver::{Incoming, Opening, Receiver, answer};
pub use run::run;
pub use session::{Broken, Session, broken_connection};
pub use transport::{IDLE_AFTER, KEEP_ALIVE_EVERY, endpoint, socket, transport};

use farhand_protocol::envelope::Stream;

/// quinn sends a stream of higher priority first.
pub(crate) fn priority(stream: Stream) -> i32 {
    match stream {
        Stream::Control => 2,
        Stream::Input => 3,
        Stream::Pointer => 1,
        Stream::Chat | Stream::Clipboard | Stream::Diagnostics => 1,
        Stream::Screen => 0,
        Stream::Files => -1,
    }
}

/// Ordered streams.
pub(crate) const LANES: usize = Stream::ORDERED.len();

/// Where an ordered stream stands in arrays of [`LANES`].
pub(crate) fn lane(stream: Stream) -> Option<usize> {
    Stream::ORDERED.iter().position(|ordered| *ordered == stream)
}
