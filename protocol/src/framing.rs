//! How messages lie on a carrier, the same for every hop (participant ↔ media service).
//!
//! QUIC and WebTransport: the connecting side opens one bidirectional stream for each of [`Stream::ORDERED`] and
//! writes the stream's number as its first byte; after that, in both directions, frames of `length u16 | message`
//! (big endian). The very first frame that a client writes on the control stream is the ticket
//! ([`crate::api::MediaOffer::ticket`], UTF-8); the service's first frame there is [`Accepted`] in MessagePack, or it
//! closes the connection with a [`close`] code. Datagrams: `stream u8 | index u32 | message` for a doubled message of
//! an ordered stream, `stream u8 | message` for [`Stream::Pointer`].
//! WebSocket: one binary message is `stream u8 | message`; the ticket and the answer come first, on the control stream.
//!
//! A message of at most [`DOUBLE_UP_TO`] bytes on an ordered QUIC stream goes again as a datagram
//! [`DOUBLE_AFTER_MS`] later; `index` is its position in the stream of that direction, counted from 0 (the ticket and
//! its answer are not counted). The receiver delivers each index once, in order, whichever copy came first: [`Reorder`].

use serde::{Deserialize, Serialize};

/// Messages up to this many bytes are sent twice.
pub const DOUBLE_UP_TO: usize = 1024;
/// The second copy leaves this many milliseconds after the first.
pub const DOUBLE_AFTER_MS: u64 = 15;
/// ALPN of native programs on UDP 15000. Browsers come with `h3`.
pub const ALPN: &[u8] = b"farhand/1";

/// Codes with which the media service closes a connection (QUIC and WebTransport application codes; WebSocket close
/// codes are these plus 4000).
pub mod close {
    /// The session ended or the participant left.
    pub const ENDED: u32 = 0;
    /// No ticket came within five seconds.
    pub const NO_TICKET: u32 = 1;
    /// The ticket is not genuine, expired or for another session.
    pub const TICKET_REFUSED: u32 = 2;
    /// A message broke the protocol.
    pub const PROTOCOL: u32 = 3;
    /// A newer connection of the same participant took its place.
    pub const REPLACED: u32 = 4;
    /// The room is full or the service is shutting down.
    pub const BUSY: u32 = 5;
}

/// The media service's answer to a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The participant that the ticket named.
    pub participant: crate::ParticipantId,
    /// Participants that are connected to the room now, the new one left out.
    pub present: Vec<crate::ParticipantId>,
}
