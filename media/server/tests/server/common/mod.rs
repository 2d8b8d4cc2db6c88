//! A media service with its WebSocket front, and clients of it.
#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use farhand_link::quic::{self, Broken, Opening, Receiver};
use farhand_link::{Carrier, LinkConfig, LinkEvent, LinkHandle};
use farhand_media_server::{MediaConfig, MediaServer, SocketIn, SocketOut};
use farhand_netem::{Netem, Path};
use farhand_protocol::ParticipantId;
use farhand_protocol::api::MediaOffer;
use farhand_protocol::envelope::{Head, ScreenHead, Stream, flags};
use farhand_protocol::framing::ALPN;
use farhand_protocol::session::Role;
use farhand_room::{Ticket, TicketKey};
use futures_util::{SinkExt, StreamExt};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Nothing in these tests takes so long; what does has failed. So long nothing gives up either, where a test is about
/// something else than that: a busy machine may hold an end back for seconds.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const AGENT: ParticipantId = 1;
pub const VIEWER: ParticipantId = 2;
pub const SECOND: ParticipantId = 3;

pub fn local() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

pub fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

pub struct World {
    pub server: MediaServer,
    pub key: TicketKey,
    pub api: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut MediaConfig)) -> Self {
        let key = TicketKey::generate().unwrap();
        let mut config = MediaConfig::new(local(), key.clone());
        config.idle_after = PATIENCE;
        change(&mut config);
        let server = MediaServer::start(config).await.unwrap();
        let (api, certificate) = front(server.clone()).await;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let tls = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { server, key, api, tls: Arc::new(tls) }
    }

    pub fn ticket(&self, session: &str, participant: ParticipantId, role: Role) -> String {
        let expires_at = now_ms() + 60_000;
        self.key.sign(&Ticket { session: session.to_owned(), participant, role, expires_at }).unwrap()
    }

    pub fn offer(&self, participant: ParticipantId, port: u16) -> MediaOffer {
        MediaOffer {
            ticket: self.ticket("session", participant, role(participant)),
            expires_at: now_ms() + 60_000,
            port,
            host: Some("127.0.0.1".to_owned()),
            certificate_sha256: self.server.certificate_hashes(),
            webtransport_path: "/media".to_owned(),
            websocket_path: "/api/v1/media".to_owned(),
        }
    }

    /// A link straight to the service.
    pub async fn link(&self, participant: ParticipantId) -> Client {
        self.link_by(participant, self.server.local_addr().port(), Carrier::Quic).await
    }

    /// A link to a port, that comes up on this carrier.
    pub async fn link_by(&self, participant: ParticipantId, port: u16, carrier: Carrier) -> Client {
        let mut client = Client::start(self.link_config(participant, port), participant);
        assert_eq!(client.event().await, LinkEvent::Connected { carrier, participant });
        client
    }

    pub fn link_config(&self, participant: ParticipantId, port: u16) -> LinkConfig {
        let offer = self.offer(participant, port);
        let mut config = LinkConfig::new(offer, "localhost".to_owned(), self.api.port(), self.tls.clone());
        config.timing.fall_back_after = PATIENCE;
        config.timing.connect_within = PATIENCE;
        config.timing.idle_after = PATIENCE;
        config
    }

    pub fn netem(&self, path: Path, seed: u64) -> Netem {
        Netem::start(local(), self.server.local_addr(), path, seed).unwrap()
    }

    pub fn refused(&self, reason: &str) -> u64 {
        let refused = self.server.metrics().refused;
        refused.into_iter().find(|(name, _)| *name == reason).expect("the reason exists").1
    }

    pub fn participants(&self) -> u64 {
        self.server.metrics().participants.iter().map(|(_, count)| count).sum()
    }

    /// A QUIC connection that has handed in nothing yet.
    pub async fn connect(&self) -> quinn::Connection {
        connect(self.server.local_addr(), ALPN).await
    }

    /// A hop of our own making, without a link.
    pub async fn raw(&self, participant: ParticipantId) -> Raw {
        let ticket = self.ticket("session", participant, role(participant));
        let connection = self.connect().await;
        let (opening, _) = Receiver::connect(connection.clone(), &ticket).await.unwrap();
        Raw { connection, opening }
    }
}

pub struct Raw {
    pub connection: quinn::Connection,
    pub opening: Opening<quinn::Connection>,
}

impl Raw {
    pub fn stream(&mut self, stream: Stream) -> &mut quinn::SendStream {
        &mut self.opening.sending.iter_mut().find(|(which, _)| *which == stream).unwrap().1
    }

    /// The code with which the service closes.
    pub async fn closed(&self) -> u32 {
        let closed = tokio::time::timeout(PATIENCE, self.connection.closed()).await.unwrap();
        match quic::broken_connection(&closed) {
            Broken::Closed { code, .. } => code,
            other => panic!("{other}"),
        }
    }
}

pub fn role(participant: ParticipantId) -> Role {
    if participant == AGENT { Role::Agent } else { Role::Technician }
}

/// A link with the counters of its messages.
pub struct Client {
    pub handle: LinkHandle,
    pub events: mpsc::Receiver<LinkEvent>,
    pub participant: ParticipantId,
    sequences: [u32; Stream::ALL.len()],
}

impl Client {
    pub fn start(config: LinkConfig, participant: ParticipantId) -> Self {
        let (handle, events) = farhand_link::spawn(config);
        Self { handle, events, participant, sequences: [0; Stream::ALL.len()] }
    }

    pub async fn event(&mut self) -> LinkEvent {
        tokio::time::timeout(PATIENCE, self.events.recv())
            .await
            .expect("an event in time")
            .expect("the link lives")
    }

    pub async fn message(&mut self) -> (Stream, Bytes) {
        match self.event().await {
            LinkEvent::Message { stream, message } => (stream, message),
            other => panic!("not a message: {other:?}"),
        }
    }

    /// Waits until the connection is all set up and has nothing more to say. Whoever is held back by a busy machine while
    /// it still speaks may hear, right after the service's last word, that nobody knows its connection any more, and
    /// QUIC keeps of the two what came last.
    pub async fn at_rest(&self) {
        let (mut sent, mut looks) = (0, 0);
        until("the connection is at rest", || {
            let now = self.handle.stats().sent_packets;
            looks = if now == sent { looks + 1 } else { 0 };
            sent = now;
            looks > 25
        })
        .await;
    }

    /// Sends the next message of a stream; returns it.
    pub fn send(&mut self, stream: Stream, flags: u8, body: &[u8]) -> Bytes {
        let message = message(self.participant, stream, self.sequences[stream as usize], flags, body);
        self.sequences[stream as usize] += 1;
        self.handle.send(stream, message.clone()).unwrap();
        message
    }
}

/// A message as its sender writes it.
pub fn message(sender: ParticipantId, stream: Stream, sequence: u32, flags: u8, body: &[u8]) -> Bytes {
    let mut out = Vec::new();
    Head { stream, flags, sender, sequence }.write(&mut out);
    if stream == Stream::Screen && sender == AGENT {
        ScreenHead { frame: sequence, captured_us: 0 }.write(&mut out);
    }
    out.extend_from_slice(body);
    out.into()
}

/// One whole frame that needs no earlier one.
pub const RESET: u8 = flags::FIRST | flags::LAST | flags::RESET;
/// One whole frame.
pub const FRAME: u8 = flags::FIRST | flags::LAST;

pub fn sequence(message: &Bytes) -> u32 {
    Head::read(message).unwrap().sequence
}

/// Waits for a condition that other tasks bring about.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A QUIC connection of a client that checks nothing, for tests of the service alone.
pub async fn connect(to: SocketAddr, alpn: &[u8]) -> quinn::Connection {
    let mut tls = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    tls.alpn_protocols = vec![alpn.to_vec()];
    let mut client = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    client.transport_config(Arc::new(quic::transport(PATIENCE)));
    let socket = quic::socket(local()).unwrap();
    let endpoint =
        quinn::Endpoint::new(quic::endpoint(), None, socket, Arc::new(quinn::TokioRuntime)).unwrap();
    endpoint.connect_with(client, to, "farhand-media").unwrap().await.unwrap()
}

#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            dss,
            &provider().signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            dss,
            &provider().signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The HTTPS side's part: TLS and the WebSocket's handshake.
async fn front(server: MediaServer) -> (SocketAddr, CertificateDer<'static>) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&pair).unwrap().der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    let tls = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind(local()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, from)) = listener.accept().await {
            let (server, acceptor) = (server.clone(), acceptor.clone());
            tokio::spawn(async move {
                farhand_media_server::tune(&tcp);
                let Ok(tls) = acceptor.accept(tcp).await else { return };
                let Ok(socket) = tokio_tungstenite::accept_async(tls).await else { return };
                let socket = socket
                    .with(|out: SocketOut| async move {
                        Ok::<_, tokio_tungstenite::tungstenite::Error>(to_frame(out))
                    })
                    .map(|item| item.map(from_frame));
                server.accept_websocket(socket, from.ip()).await;
            });
        }
    });
    (address, certificate)
}

fn to_frame(out: SocketOut) -> Message {
    match out {
        SocketOut::Message(message) => Message::Binary(message),
        SocketOut::Ping => Message::Ping(Bytes::new()),
        SocketOut::Close { code, reason } => {
            Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
        }
    }
}

fn from_frame(message: Message) -> SocketIn {
    match message {
        Message::Binary(message) => SocketIn::Message(message),
        Message::Ping(_) => SocketIn::Ping,
        Message::Pong(_) => SocketIn::Pong,
        Message::Text(_) | Message::Frame(_) => SocketIn::Text,
        Message::Close(_) => SocketIn::Close,
    }
}
