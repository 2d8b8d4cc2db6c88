//! The media service's public face.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_room::TicketKey;
use futures_util::{Sink, Stream};

/// What the media service needs to know.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Where to listen for QUIC and WebTransport. Port 0 takes any.
    pub udp: SocketAddr,
    /// The key that tickets are signed with.
    pub tickets: TicketKey,
    /// Path of the WebTransport session.
    pub webtransport_path: String,
}

impl MediaConfig {
    /// The usual configuration.
    #[must_use]
    pub fn new(udp: SocketAddr, tickets: TicketKey) -> Self {
        Self { udp, tickets, webtransport_path: "/media".to_owned() }
    }
}

/// Why the media service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The UDP port cannot be had.
    #[error("UDP {address} cannot be opened: {source}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// No certificate could be made.
    #[error("the media service's certificate cannot be made: {0}")]
    Certificate(String),
}

/// What came from a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketIn {
    /// A binary message.
    Message(Bytes),
    /// A pong.
    Pong,
    /// A ping, which the WebSocket's own library answers.
    Ping,
    /// A text message, which the protocol does not have.
    Text,
    /// The far side closes.
    Close,
}

/// What goes to a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketOut {
    /// A binary message.
    Message(Bytes),
    /// A ping.
    Ping,
    /// Closes, after all that went before.
    Close {
        /// The WebSocket's close code.
        code: u16,
        /// A word for the far side's log.
        reason: &'static str,
    },
}

/// Counters since the start, and gauges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Rooms now.
    pub rooms: u64,
    /// Participants now, by carrier: QUIC, WebTransport, WebSocket.
    pub participants: Vec<(&'static str, u64)>,
    /// Connections refused or closed for cause, by reason.
    pub refused: Vec<(&'static str, u64)>,
    /// Messages relayed (counted once for each receiver).
    pub messages: u64,
    /// Bytes of relayed messages (counted once for each receiver).
    pub bytes: u64,
    /// Screen messages dropped for slow viewers.
    pub dropped: u64,
    /// Times that a slow viewer was cut to its next reset.
    pub cuts: u64,
}

/// The running media service. Clones are the same service.
#[derive(Clone, Debug)]
pub struct MediaServer {}

impl MediaServer {
    /// Opens the UDP port and starts to serve. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: MediaConfig) -> Result<Self, StartError> {
        let _ = config;
        Ok(Self {})
    }

    /// The UDP address that is served.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    /// SHA-256 of each certificate that the UDP port may show while an offer made now lives, lower-case hex.
    #[must_use]
    pub fn certificate_hashes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Serves a WebSocket until it ends. The caller has checked its Origin; the ticket is its first message.
    pub async fn accept_websocket<S, E>(&self, socket: S, from: IpAddr)
    where
        S: Stream<Item = Result<SocketIn, E>> + Sink<SocketOut, Error = E> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let _ = (socket, from);
    }

    /// Closes every connection of a session, with [`farhand_protocol::framing::close::ENDED`]. A ticket of it opens
    /// none after that.
    pub fn close_session(&self, session: &str) {
        let _ = session;
    }

    /// Closes a participant's connection, with [`farhand_protocol::framing::close::ENDED`].
    pub fn kick(&self, session: &str, participant: ParticipantId) {
        let _ = (session, participant);
    }

    /// Counters and gauges.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        Metrics::default()
    }

    /// Closes everything, with [`farhand_protocol::framing::close::BUSY`], and waits until the peers were told.
    pub async fn shutdown(&self) {}
}
