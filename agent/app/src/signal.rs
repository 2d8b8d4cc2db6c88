//! The session's socket: signals to and from the service, with reconnects for as long as the session may be
//! interrupted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use farhand_protocol::ParticipantId;
use farhand_protocol::api::MediaOffer;
use farhand_protocol::session::{EndReason, SessionSnapshot};
use farhand_protocol::signal::{FromService, MAX_SIGNAL, ToService};
use farhand_protocol::version::{Version, VersionRange};
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use crate::api::Server;

/// A connection must stand and be welcomed within this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Nothing heard for this long, pings included, means that the socket is dead.
const SILENT_AFTER: Duration = Duration::from_secs(12);
/// A ping goes out this often.
const PING_EVERY: Duration = Duration::from_secs(4);
/// Pauses between attempts grow from the first to the second of these.
const RETRY: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(2));

/// What the socket needs to know.
#[derive(Clone, Debug)]
pub struct SignalConfig {
    /// Where the service is.
    pub server: Server,
    /// Trust in it.
    pub tls: Arc<ClientConfig>,
    /// The session's identifier.
    pub session: String,
    /// This participant's token. Never logged.
    pub token: String,
    /// How long the service may be away before the session counts as lost.
    pub grace: Duration,
}

/// What the socket tells.
#[derive(Debug)]
pub enum SignalEvent {
    /// The service welcomes this participant, for the first time or again.
    Welcome {
        /// Who it is.
        participant: ParticipantId,
        /// Where the session stands.
        session: SessionSnapshot,
        /// How to reach the media service.
        media: MediaOffer,
        /// The protocol version that the service agreed on.
        version: Version,
        /// The service's clock, milliseconds since 1970.
        now: u64,
    },
    /// The session changed.
    Session(SessionSnapshot),
    /// A new offer.
    Media(MediaOffer),
    /// The session is over.
    Ended(EndReason),
    /// The service is away; the socket tries again.
    Away(String),
    /// The versions do not fit.
    Version,
    /// The service does not know the session or the token any more, or was away for too long.
    Lost(String),
}

/// Starts the socket. It ends with [`SignalEvent::Ended`], [`SignalEvent::Lost`] or when the sender is dropped.
#[must_use]
pub fn spawn(config: SignalConfig) -> (mpsc::UnboundedSender<ToService>, mpsc::Receiver<SignalEvent>) {
    let (signals, outgoing) = mpsc::unbounded_channel();
    let (events, receiver) = mpsc::channel(64);
    tokio::spawn(run(config, outgoing, events));
    (signals, receiver)
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Why one connection ended.
enum Broken {
    /// It may stand again.
    Away(String),
    /// It will not.
    Final(Box<SignalEvent>),
    /// This end is done.
    Done,
}

async fn run(
    config: SignalConfig,
    mut outgoing: mpsc::UnboundedReceiver<ToService>,
    events: mpsc::Sender<SignalEvent>,
) {
    let mut pause = RETRY.0;
    let mut away_since: Option<Instant> = None;
    loop {
        let connected = tokio::time::timeout(CONNECT_WITHIN, connect(&config)).await;
        let broken = match connected {
            Ok(Ok(socket)) => {
                let mut welcomed = false;
                let broken = speak(socket, &mut outgoing, &events, &mut welcomed).await;
                if welcomed {
                    pause = RETRY.0;
                    away_since = None;
                }
                broken
            }
            Ok(Err(broken)) => broken,
            Err(_) => Broken::Away("the service does not answer".into()),
        };
        let why = match broken {
            Broken::Away(why) => why,
            Broken::Final(event) => {
                let _ = events.send(*event).await;
                return;
            }
            Broken::Done => return,
        };
        let since = *away_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= config.grace {
            let _ = events.send(SignalEvent::Lost(why)).await;
            return;
        }
        if events.send(SignalEvent::Away(why)).await.is_err() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY.1);
    }
}

async fn connect(config: &SignalConfig) -> Result<Socket, Broken> {
    let away = |error: &dyn std::fmt::Display| Broken::Away(error.to_string());
    let name = ServerName::try_from(config.server.host.clone()).map_err(|error| away(&error))?;
    let tcp =
        TcpStream::connect((config.server.host.as_str(), config.server.port)).await.map_err(|e| away(&e))?;
    let _ = tcp.set_nodelay(true);
    let tls = TlsConnector::from(Arc::clone(&config.tls)).connect(name, tcp).await.map_err(|e| away(&e))?;
    let address = format!("wss://{}/api/v1/sessions/{}/socket", config.server.authority(), config.session);
    let mut request = address.into_client_request().map_err(|error| away(&error))?;
    let bearer = format!("Bearer {}", config.token).parse().map_err(|error| away(&error))?;
    request.headers_mut().insert(http::header::AUTHORIZATION, bearer);
    let limits = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(MAX_SIGNAL))
        .max_frame_size(Some(MAX_SIGNAL));
    match tokio_tungstenite::client_async_with_config(request, tls, Some(limits)).await {
        Ok((socket, _)) => Ok(socket),
        Err(SocketError::Http(response)) if matches!(response.status().as_u16(), 401 | 403 | 404 | 410) => {
            let why = format!("the service answers with status {}", response.status().as_u16());
            Err(Broken::Final(Box::new(SignalEvent::Lost(why))))
        }
        Err(error) => Err(away(&error)),
    }
}

async fn speak(
    mut socket: Socket,
    outgoing: &mut mpsc::UnboundedReceiver<ToService>,
    events: &mpsc::Sender<SignalEvent>,
    welcomed: &mut bool,
) -> Broken {
    let hello = ToService::Hello { versions: VersionRange::ours(), program: crate::PROGRAM.into() };
    if let Err(error) = send(&mut socket, &hello).await {
        return Broken::Away(error.to_string());
    }
    let mut heard = Instant::now();
    let mut pings = tokio::time::interval(PING_EVERY);
    let mut nonce = 0;
    loop {
        tokio::select! {
            signal = outgoing.recv(), if *welcomed => {
                let Some(signal) = signal else {
                    let _ = socket.close(None).await;
                    return Broken::Done;
                };
                if let Err(error) = send(&mut socket, &signal).await {
                    return Broken::Away(error.to_string());
                }
            }
            message = socket.next() => {
                heard = Instant::now();
                let text = match message {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Binary(_))) => return Broken::Away("the service sends bytes".into()),
                    Some(Ok(Message::Close(_))) | None => return Broken::Away("the service closed the socket".into()),
                    Some(Err(error)) => return Broken::Away(error.to_string()),
                };
                let event = match serde_json::from_str::<FromService>(&text) {
                    Ok(FromService::Welcome { version, participant, session, media, now }) => {
                        *welcomed = true;
                        SignalEvent::Welcome { participant, session, media, version, now }
                    }
                    Ok(FromService::Session { snapshot }) => SignalEvent::Session(snapshot),
                    Ok(FromService::Media { offer }) => SignalEvent::Media(offer),
                    Ok(FromService::Ended { reason }) => return Broken::Final(Box::new(SignalEvent::Ended(reason))),
                    Ok(FromService::Problem { code, message: _ }) if code.contains("version") => {
                        return Broken::Final(Box::new(SignalEvent::Version));
                    }
                    Ok(FromService::Problem { code, message }) => {
                        tracing::warn!(code, message, "the service reports a problem");
                        return Broken::Away(code);
                    }
                    // An agent has no part that could end while the session goes on.
                    Ok(FromService::Left { .. } | FromService::Pong { .. } | FromService::Unknown) => continue,
                    Err(error) => {
                        tracing::warn!(%error, "a signal cannot be read");
                        continue;
                    }
                };
                if events.send(event).await.is_err() {
                    return Broken::Done;
                }
            }
            _ = pings.tick() => {
                if heard.elapsed() >= SILENT_AFTER {
                    return Broken::Away("the service is silent".into());
                }
                if *welcomed {
                    nonce += 1;
                    if let Err(error) = send(&mut socket, &ToService::Ping { nonce }).await {
                        return Broken::Away(error.to_string());
                    }
                }
            }
        }
    }
}

async fn send(socket: &mut Socket, signal: &ToService) -> Result<(), SocketError> {
    let text = serde_json::to_string(signal).expect("signals have no map with keys that are not strings");
    socket.send(Message::text(text)).await
}
