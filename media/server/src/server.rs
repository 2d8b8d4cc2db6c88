//! The media service's public face.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use farhand_link::quic as hop;
use farhand_protocol::ParticipantId;
use farhand_protocol::framing::{ALPN, close};
use farhand_room::{ConnectionId, Limits, Ticket, TicketKey};
use futures_util::{Sink, Stream};
use quinn::crypto::rustls::QuicServerConfig;

use crate::certificate::Certificates;
use crate::counters::{Carrier, Counters, Reason};
use crate::quic::H3;
use crate::rooms::{self, Cell, Place, Rooms};
use crate::{quic, websocket};

/// From a connection's first packet to its ticket.
pub(crate) const TICKET_WITHIN: Duration = Duration::from_secs(5);
/// With so many handshakes under way, an address has to prove itself before it costs more.
const HANDSHAKES_BEFORE_RETRY: usize = 64;
/// What the kernel may hold back of a WebSocket.
const SOCKET_SEND_BUFFER: usize = 48 * 1024;
const ROTATION_EVERY: Duration = Duration::from_secs(10 * 60);

/// What the media service needs to know.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Where to listen for QUIC and WebTransport. Port 0 takes any.
    pub udp: SocketAddr,
    /// The key that tickets are signed with.
    pub tickets: TicketKey,
    /// Path of the WebTransport session.
    pub webtransport_path: String,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address. Offices and carriers put many people behind one.
    pub connections_per_address: usize,
    /// A participant that is silent for so long is gone.
    pub idle_after: Duration,
    /// Bounds of each room.
    pub room: Limits,
}

impl MediaConfig {
    /// The usual configuration.
    #[must_use]
    pub fn new(udp: SocketAddr, tickets: TicketKey) -> Self {
        Self {
            udp,
            tickets,
            webtransport_path: "/media".to_owned(),
            connections: 10_000,
            connections_per_address: 500,
            idle_after: hop::IDLE_AFTER,
            room: Limits::default(),
        }
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

impl StartError {
    fn certificate(error: impl std::fmt::Display) -> Self {
        Self::Certificate(error.to_string())
    }
}

/// Prepares a TCP connection that may become a WebSocket for [`MediaServer::accept_websocket`], where the HTTPS side
/// accepts it: no waiting for more to send, and little in the kernel's buffer, behind which an urgent message would
/// wait and in which a slow viewer's backlog would hide.
pub fn tune(socket: &tokio::net::TcpStream) {
    // A system that does not grant it is slower at worst.
    let _ = socket.set_nodelay(true);
    let _ = socket2::SockRef::from(socket).set_send_buffer_size(SOCKET_SEND_BUFFER);
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

/// What the tasks of the service share.
pub(crate) struct Shared {
    pub(crate) rooms: Rooms,
    pub(crate) webtransport_path: String,
    tickets: TicketKey,
    counters: Counters,
    certificates: Arc<Certificates>,
    connections: Connections,
    endpoint: quinn::Endpoint,
    address: SocketAddr,
}

impl Shared {
    /// Counts and logs a refusal, once.
    pub(crate) fn refused(&self, reason: Reason, carrier: Option<Carrier>, from: IpAddr) {
        self.counters.refuse(reason);
        let (reason, carrier) = (reason.name(), carrier.map_or("udp", Carrier::name));
        tracing::info!(reason, carrier, "media connection refused");
        tracing::debug!(reason, carrier, %from, "media connection refused");
    }

    pub(crate) fn verify(&self, ticket: &[u8]) -> Result<Ticket, Reason> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.tickets.verify(ticket, now).map_err(rooms::ticket)
    }

    /// Counts a participant until the guard is dropped, which takes it out of its room.
    pub(crate) fn enter(self: &Arc<Self>, place: &Place, carrier: Carrier) -> Guard {
        self.counters.came(carrier);
        tracing::debug!(
            participant = place.accepted.participant,
            carrier = carrier.name(),
            "participant came"
        );
        Guard { shared: self.clone(), cell: place.cell.clone(), connection: place.connection, carrier }
    }
}

/// A participant's presence.
pub(crate) struct Guard {
    shared: Arc<Shared>,
    cell: Arc<Cell>,
    connection: ConnectionId,
    carrier: Carrier,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.shared.counters.went(self.carrier);
        self.shared.rooms.leave(&self.cell, self.connection);
    }
}

/// How many connections there are, in all and from each address.
struct Connections {
    most: usize,
    most_per_address: usize,
    now: Mutex<(usize, HashMap<IpAddr, usize>)>,
}

struct Admission {
    shared: Arc<Shared>,
    from: IpAddr,
}

impl Connections {
    fn admit(shared: &Arc<Shared>, from: IpAddr) -> Result<Admission, Reason> {
        let this = &shared.connections;
        let mut now = this.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 >= this.most {
            return Err(Reason::ServiceFull);
        }
        let here = now.1.entry(from).or_default();
        if *here >= this.most_per_address {
            return Err(Reason::AddressFull);
        }
        *here += 1;
        now.0 += 1;
        Ok(Admission { shared: shared.clone(), from })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut now = self.shared.connections.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.0 -= 1;
        if let Some(here) = now.1.get_mut(&self.from) {
            *here -= 1;
            if *here == 0 {
                now.1.remove(&self.from);
            }
        }
    }
}

/// The running media service. Clones are the same service, which runs until [`MediaServer::shutdown`].
#[derive(Clone)]
pub struct MediaServer {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for MediaServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaServer").field("udp", &self.shared.address).finish_non_exhaustive()
    }
}

impl MediaServer {
    /// Opens the UDP port and starts to serve. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: MediaConfig) -> Result<Self, StartError> {
        let certificates = Certificates::new(SystemTime::now()).map_err(StartError::certificate)?;
        let certificates = Arc::new(certificates);
        let bind = |source| StartError::Bind { address: config.udp, source };
        let socket = hop::socket(config.udp).map_err(bind)?;
        let runtime = Arc::new(quinn::TokioRuntime);
        let server = server_config(certificates.clone(), config.idle_after)?;
        let endpoint = quinn::Endpoint::new(hop::endpoint(), Some(server), socket, runtime).map_err(bind)?;
        let address = endpoint.local_addr().map_err(bind)?;
        let shared = Arc::new(Shared {
            rooms: Rooms::new(config.room),
            webtransport_path: config.webtransport_path,
            tickets: config.tickets,
            counters: Counters::default(),
            certificates,
            connections: Connections {
                most: config.connections,
                most_per_address: config.connections_per_address,
                now: Mutex::default(),
            },
            endpoint,
            address,
        });
        tokio::spawn(accept(shared.clone()));
        tokio::spawn(rotate(Arc::downgrade(&shared.certificates)));
        Ok(Self { shared })
    }

    /// The UDP address that is served.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.address
    }

    /// SHA-256 of each certificate that the UDP port may show while an offer made now lives, lower-case hex.
    #[must_use]
    pub fn certificate_hashes(&self) -> Vec<String> {
        self.shared.certificates.hashes()
    }

    /// Serves a WebSocket until it ends. The caller has checked its Origin; the ticket is its first message.
    pub async fn accept_websocket<S, E>(&self, socket: S, from: IpAddr)
    where
        S: Stream<Item = Result<SocketIn, E>> + Sink<SocketOut, Error = E> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        match Connections::admit(&self.shared, from) {
            Ok(_admission) => websocket::serve(self.shared.clone(), socket, from).await,
            Err(reason) => self.shared.refused(reason, Some(Carrier::WebSocket), from),
        }
    }

    /// Closes every connection of a session, with [`close::ENDED`]. A ticket of it opens none after that.
    pub fn close_session(&self, session: &str) {
        self.shared.rooms.end(session, Instant::now());
    }

    /// Closes a participant's connection, with [`close::ENDED`].
    pub fn kick(&self, session: &str, participant: ParticipantId) {
        self.shared.rooms.kick(session, participant);
    }

    /// How many inputs of technicians passed through a session's room, whatever they say; 0 when nobody is in it, and
    /// from 0 again when it was empty between.
    #[must_use]
    pub fn inputs(&self, session: &str) -> u64 {
        self.shared.rooms.inputs(session)
    }

    /// Counters and gauges.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let (rooms, stats) = self.shared.rooms.stats();
        Metrics {
            rooms,
            participants: self.shared.counters.participants(),
            refused: self.shared.counters.refused(),
            messages: stats.messages,
            bytes: stats.bytes,
            dropped: stats.dropped,
            cuts: stats.cuts,
        }
    }

    /// Closes everything, with [`close::BUSY`], and waits until the peers were told.
    pub async fn shutdown(&self) {
        self.shared.endpoint.set_server_config(None);
        self.shared.rooms.close_all(close::BUSY, "shutdown");
        self.shared.endpoint.close(quinn::VarInt::from_u32(close::BUSY), b"shutdown");
        self.shared.endpoint.wait_idle().await;
    }
}

fn server_config(
    certificates: Arc<Certificates>,
    idle_after: Duration,
) -> Result<quinn::ServerConfig, StartError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(StartError::certificate)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    tls.alpn_protocols = vec![ALPN.to_vec(), H3.to_vec()];
    let crypto = QuicServerConfig::try_from(tls).map_err(StartError::certificate)?;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(crypto));
    config.transport_config(Arc::new(hop::transport(idle_after)));
    Ok(config)
}

async fn accept(shared: Arc<Shared>) {
    let handshakes = Arc::new(());
    while let Some(incoming) = shared.endpoint.accept().await {
        let from = incoming.remote_address().ip();
        let admission = match Connections::admit(&shared, from) {
            Ok(admission) => admission,
            Err(reason) => {
                shared.refused(reason, None, from);
                incoming.refuse();
                continue;
            }
        };
        if !incoming.remote_address_validated() && Arc::strong_count(&handshakes) > HANDSHAKES_BEFORE_RETRY {
            // An unvalidated address may always be asked to retry.
            let _ = incoming.retry();
            continue;
        }
        let (shared, handshake) = (shared.clone(), handshakes.clone());
        tokio::spawn(async move {
            quic::serve(shared, incoming, handshake).await;
            drop(admission);
        });
    }
}

async fn rotate(certificates: std::sync::Weak<Certificates>) {
    let mut ticks = tokio::time::interval(ROTATION_EVERY);
    loop {
        ticks.tick().await;
        let Some(certificates) = certificates.upgrade() else { return };
        if let Err(error) = certificates.handle_time(SystemTime::now()) {
            tracing::error!(%error, "the media service's next certificate cannot be made");
        }
    }
}
