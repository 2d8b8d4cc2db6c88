//! The link's public face.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use farhand_protocol::ParticipantId;
use farhand_protocol::api::MediaOffer;
use farhand_protocol::envelope::Stream;
use tokio::sync::mpsc;

use crate::proxy::Proxy;
use crate::queue::Shared;
use crate::quic::IDLE_AFTER;
use crate::task::Task;

/// Bytes of screen messages that may wait in a link before [`LinkHandle::send`] says [`LinkError::Full`].
pub const MAX_BACKLOG: usize = 16 * 1024 * 1024;
/// The same for each of the other streams.
pub const MAX_URGENT_BACKLOG: usize = 1024 * 1024;

/// How long a link waits for what. The defaults are the product's; tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The WebSocket is started when QUIC is not up after this long.
    pub fall_back_after: Duration,
    /// A connection attempt is given up after this long.
    pub connect_within: Duration,
    /// A service that is silent for so long is gone.
    pub idle_after: Duration,
    /// While on the WebSocket, QUIC is tried again this often.
    pub probe_every: Duration,
    /// First and longest pause before a new attempt after a loss.
    pub retry: (Duration, Duration),
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            fall_back_after: Duration::from_millis(700),
            connect_within: Duration::from_secs(5),
            idle_after: IDLE_AFTER,
            probe_every: Duration::from_secs(10),
            retry: (Duration::from_millis(100), Duration::from_secs(3)),
        }
    }
}

/// What a link needs to know.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// The newest offer of the session's socket.
    pub offer: MediaOffer,
    /// Host of the API: the WebSocket's, and QUIC's unless the offer names another.
    pub api_host: String,
    /// HTTPS port of the API.
    pub api_port: u16,
    /// TLS of the WebSocket, with whatever trust the caller has in the API's certificate.
    pub tls: Arc<rustls::ClientConfig>,
    /// The HTTP proxy that the WebSocket goes through.
    pub proxy: Option<Proxy>,
    /// Which kind of UDP sockets.
    pub udp: Udp,
    /// How long to wait for what.
    pub timing: Timing,
}

/// UDP sockets, by what they make use of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Udp {
    /// All that the system offers, and where that is not enough, plain ones.
    #[default]
    Best,
    /// Sending and receiving alone.
    Plain,
}

impl LinkConfig {
    /// A link with the default timing, and the proxy that the environment names.
    #[must_use]
    pub fn new(offer: MediaOffer, api_host: String, api_port: u16, tls: Arc<rustls::ClientConfig>) -> Self {
        let proxy = Proxy::from_environment(&api_host);
        Self { offer, api_host, api_port, tls, proxy, udp: Udp::default(), timing: Timing::default() }
    }
}

/// What carries the messages now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// QUIC on UDP.
    Quic,
    /// A WebSocket on TCP.
    WebSocket,
}

/// What a link tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// Messages flow. Nothing that was sent before counts: consent is sent again, the screen is reset.
    Connected {
        /// What carries them.
        carrier: Carrier,
        /// Who the service says we are.
        participant: ParticipantId,
    },
    /// A message came.
    Message {
        /// On which stream.
        stream: Stream,
        /// The whole message, head included.
        message: Bytes,
    },
    /// The connection broke; the link reconnects by itself.
    Lost {
        /// Why, for the log.
        why: String,
    },
    /// The service closed the connection with a [`farhand_protocol::framing::close`] code. After `TICKET_REFUSED`,
    /// `NO_TICKET` and `BUSY` the link goes on; after the others it is over and the event stream ends.
    Refused {
        /// The code.
        code: u32,
        /// Why, for the log.
        why: String,
    },
    /// The ticket is used up or has expired, and the link wants another: for a reconnect, or to try UDP again.
    /// Answered by [`LinkHandle::renew`].
    OfferNeeded,
    /// Messages now flow over another carrier, without a break. The far side may have seen a gap: consent is sent
    /// again, the screen is reset.
    Switched {
        /// What carries them now.
        carrier: Carrier,
    },
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no connection now. The message is stale by the time that there is one.
    #[error("the link is not connected")]
    Down,
    /// More waits than may wait.
    #[error("the link's queue is full")]
    Full,
    /// The message is larger than its stream allows.
    #[error("the message is too large")]
    TooLarge,
    /// The link is over.
    #[error("the link is closed")]
    Closed,
}

/// Figures of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// What carries the messages; `None` while there is no connection.
    pub carrier: Option<Carrier>,
    /// Smoothed round trip to the media service. Zero on a WebSocket until its first ping is answered.
    pub rtt: Duration,
    /// The smallest round trip seen.
    pub min_rtt: Duration,
    /// Bytes that may be in flight.
    pub window: u64,
    /// Packets sent.
    pub sent_packets: u64,
    /// Packets that were lost.
    pub lost_packets: u64,
    /// Bytes sent on the wire.
    pub sent_bytes: u64,
    /// Bytes received on the wire.
    pub received_bytes: u64,
}

/// Events that may wait for a program that is slow to take them; with more the link breaks.
const EVENTS: usize = 4096;

/// Sends messages and steers a link. Clones steer the same link.
#[derive(Clone)]
pub struct LinkHandle {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for LinkHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkHandle").finish_non_exhaustive()
    }
}

impl LinkHandle {
    /// Hands a message (head included) to the link. Never blocks; may be called from any thread.
    ///
    /// # Errors
    /// [`LinkError`]; the message is dropped then.
    pub fn send(&self, stream: Stream, message: Bytes) -> Result<(), LinkError> {
        self.shared.send(stream, message)
    }

    /// Bytes that were sent and are not yet handed to the network.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.shared.backlog()
    }

    /// Gives the link a newer offer, for its next connection.
    pub fn renew(&self, offer: MediaOffer) {
        self.shared.renew(offer);
    }

    /// Ends the link: what waits is sent, then the connection is closed.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Figures of the present connection.
    #[must_use]
    pub fn stats(&self) -> LinkStats {
        self.shared.stats()
    }
}

/// Starts a link on the current tokio runtime. It ends when [`LinkHandle::close`] is called or the events' receiver is
/// dropped.
pub fn spawn(config: LinkConfig) -> (LinkHandle, mpsc::Receiver<LinkEvent>) {
    let (events, receiver) = mpsc::channel(EVENTS);
    let shared = Arc::new(Shared::new(config.offer.clone()));
    let task = Task { config: Arc::new(config), shared: shared.clone(), events };
    tokio::spawn(task.run());
    (LinkHandle { shared }, receiver)
}
