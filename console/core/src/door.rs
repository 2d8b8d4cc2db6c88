//! The last step of the session's messages: from the link in this process to the renderer's worker in the web view's.
//!
//! It is a WebSocket on the loopback interface, which a worker opens by itself, so that no message passes through the
//! page or waits for it. A key that Rust hands to the page by a command opens it once; only our own pages' Origin is let
//! in. Binary messages are those of a browser's WebSocket to the media service; [`ToLink`] and [`FromLink`] go beside
//! them as text. What the renderer has not taken in yet is bounded by credits.
//!
//! Where a web view has no decoder for a video region, the renderer sends its pictures back by the same way and gets them
//! decoded, as planes: [`DECODE`], [`DECODED`].
//!
//! The key counts, the Origin is a second lock: a program of the machine can claim any Origin and knows no key.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use farhand_link::{Carrier, LinkConfig, LinkEvent, LinkHandle, Proxy};
use farhand_protocol::api::MediaOffer;
use farhand_protocol::framing::{self, close};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header;
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use crate::decoder::{self, Decoded, Picture, Unit};
use crate::server::Address;
use crate::types::{DoorKey, FromLink, ToLink};

/// Our pages' Origins: on Linux and macOS, and on Windows.
pub const ORIGINS: &[&str] = &["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost"];
/// A key that was not used within this time opens nothing.
const KEY_LASTS: Duration = Duration::from_secs(20);
/// The hand-shake and the key come within this time.
const ENTER_WITHIN: Duration = Duration::from_secs(5);
/// A web view that takes nothing for so long is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(15);
/// Keys that wait to be used.
const MAX_KEYS: usize = 16;
/// Connections that have not shown a key yet.
const MAX_STRANGERS: usize = 8;
/// Bytes of messages that the renderer has not taken in yet.
const WINDOW: usize = 2 * 1024 * 1024;
/// Messages that are written before they are sent on together.
const AT_ONCE: usize = 64;
/// The longest message of the renderer, in bytes: a whole picture of a video region.
const MAX_INCOMING: usize = 4 * 1024 * 1024;

/// First byte of the renderer's request to decode H.264: then the request's number (u32, big-endian) and the picture.
pub const DECODE: u8 = 0xf0;
/// First byte of the answer: then the number, width and height (u16, big-endian; zero where there is no picture), and the
/// planes of I420.
pub const DECODED: u8 = 0xf1;
/// Bytes before the picture in a request.
const DECODE_HEAD: usize = 5;

/// Where a link goes.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// The service.
    pub address: Address,
    /// Trust in it.
    pub tls: Arc<ClientConfig>,
    /// The way of the WebSocket to it.
    pub proxy: Option<Proxy>,
}

struct Waiting {
    token: String,
    until: Instant,
    plan: LinkPlan,
}

/// The door. It closes with the program.
#[derive(Clone)]
pub struct Door {
    port: u16,
    keys: Arc<Mutex<Vec<Waiting>>>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Door {
    /// Listens on a free port of the loopback interface, on the current tokio runtime.
    ///
    /// # Errors
    /// The network's.
    pub async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let door = Self { port: listener.local_addr()?.port(), keys: Arc::default() };
        tokio::spawn(door.clone().listen(listener));
        Ok(door)
    }

    /// A key to a link with this plan.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn key(&self, plan: LinkPlan) -> io::Result<DoorKey> {
        let mut token = [0; 32];
        SystemRandom::new().fill(&mut token).map_err(|_| io::Error::other("no random numbers"))?;
        let token = URL_SAFE_NO_PAD.encode(token);
        let now = Instant::now();
        let mut keys = self.keys.lock().expect("nobody panics while it is held");
        keys.retain(|waiting| waiting.until > now);
        if keys.len() == MAX_KEYS {
            keys.remove(0);
        }
        keys.push(Waiting { token: token.clone(), until: now + KEY_LASTS, plan });
        Ok(DoorKey { port: self.port, token })
    }

    /// The plan of a key, which is used up by it.
    fn redeem(&self, token: &[u8]) -> Option<LinkPlan> {
        let mut keys = self.keys.lock().expect("nobody panics while it is held");
        let now = Instant::now();
        keys.retain(|waiting| waiting.until > now);
        let at = keys.iter().position(|waiting| equal(waiting.token.as_bytes(), token))?;
        Some(keys.remove(at).plan)
    }

    async fn listen(self, listener: TcpListener) {
        let strangers = Arc::new(tokio::sync::Semaphore::new(MAX_STRANGERS));
        loop {
            let tcp = match listener.accept().await {
                Ok((tcp, _)) => tcp,
                Err(error) => {
                    tracing::warn!(%error, "the way to the renderer cannot be entered");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&strangers).acquire_owned().await else { return };
            let door = self.clone();
            tokio::spawn(async move {
                let entered = tokio::time::timeout(ENTER_WITHIN, door.enter(tcp)).await;
                drop(permit);
                match entered {
                    Ok(Ok((socket, plan))) => carry(socket, plan).await,
                    Ok(Err(why)) => tracing::warn!(why, "somebody at the renderer's door was not let in"),
                    Err(_) => tracing::warn!("somebody at the renderer's door showed no key"),
                }
            });
        }
    }

    async fn enter(&self, tcp: TcpStream) -> Result<(WebSocketStream<TcpStream>, LinkPlan), String> {
        let _ = tcp.set_nodelay(true);
        let settings = WebSocketConfig::default()
            .write_buffer_size(0)
            .max_message_size(Some(MAX_INCOMING))
            .max_frame_size(Some(MAX_INCOMING));
        let accepted =
            tokio_tungstenite::accept_hdr_async_with_config(tcp, check_origin, Some(settings)).await;
        let mut socket = accepted.map_err(|error| error.to_string())?;
        let first = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(_)) | None => return Err("the first message is no key".into()),
            Some(Err(error)) => return Err(error.to_string()),
        };
        match self.redeem(first.as_bytes()) {
            Some(plan) => Ok((socket, plan)),
            None => {
                let _ = socket.close(None).await;
                Err("the key fits nothing".into())
            }
        }
    }
}

/// Says nothing of where they differ.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[allow(clippy::result_large_err, reason = "the type is the library's")]
fn check_origin(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    let ours = match (origins.next(), origins.next()) {
        (Some(origin), None) => ORIGINS.iter().any(|ours| origin.as_bytes() == ours.as_bytes()),
        (_, _) => false,
    };
    if ours {
        return Ok(response);
    }
    let mut refused = ErrorResponse::new(None);
    *refused.status_mut() = http::StatusCode::FORBIDDEN;
    Err(refused)
}

type Events = mpsc::Receiver<LinkEvent>;

/// Carries a session's messages until one of both ends is gone.
async fn carry<S: AsyncRead + AsyncWrite + Unpin>(socket: WebSocketStream<S>, plan: LinkPlan) {
    let (mut renderer, mut from_renderer) = socket.split();
    let mut link: Option<(LinkHandle, Events)> = None;
    let mut decoder: Option<(mpsc::Sender<Unit>, mpsc::Receiver<Decoded>)> = None;
    let mut untaken = 0_usize;
    loop {
        let decoded = async {
            match &mut decoder {
                Some((_, pictures)) => pictures.recv().await,
                None => std::future::pending().await,
            }
        };
        let events = async {
            match &mut link {
                Some((_, events)) if untaken < WINDOW => events.recv().await,
                Some(_) | None => std::future::pending().await,
            }
        };
        tokio::select! {
            // A key waits for no picture.
            biased;
            message = from_renderer.next() => match message {
                Some(Ok(Message::Binary(message))) if message.first() == Some(&DECODE) => {
                    let Some(unit) = unit(message) else { break };
                    if decoder.is_none() {
                        decoder = decoder::start().ok();
                    }
                    // One too many is one that the renderer waits for in vain: it starts anew from a key frame.
                    if let Some((units, _)) = &decoder {
                        let _ = units.try_send(unit);
                    }
                }
                Some(Ok(Message::Binary(message))) => {
                    let Ok((stream, message)) = framing::read_websocket(message) else { break };
                    if let Some((handle, _)) = &link {
                        // What cannot leave now is stale later; the renderer hears of a lost link.
                        let _ = handle.send(stream, message);
                    }
                }
                Some(Ok(Message::Text(text))) => match serde_json::from_str::<ToLink>(&text) {
                    Ok(ToLink::Open { offer }) => {
                        if link.is_none() {
                            link = Some(spawn(&plan, offer));
                        }
                    }
                    Ok(ToLink::Renew { offer }) => {
                        if let Some((handle, _)) = &link {
                            handle.renew(offer);
                        }
                    }
                    Ok(ToLink::Taken { bytes }) => {
                        untaken = untaken.saturating_sub(usize::try_from(bytes).unwrap_or(usize::MAX));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the renderer says what nobody understands");
                        break;
                    }
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
            picture = decoded => {
                let Some((id, picture)) = picture else {
                    decoder = None;
                    continue;
                };
                let message = answer(id, picture);
                untaken += message.len();
                let write = renderer.send(Message::Binary(message.into()));
                if !matches!(tokio::time::timeout(WRITE_WITHIN, write).await, Ok(Ok(()))) {
                    break;
                }
            }
            event = events => {
                let (Some(first), Some((_, more))) = (event, &mut link) else { break };
                let write = async {
                    untaken += feed(&mut renderer, first).await?;
                    for _ in 1..AT_ONCE {
                        if untaken >= WINDOW {
                            break;
                        }
                        let Ok(event) = more.try_recv() else { break };
                        untaken += feed(&mut renderer, event).await?;
                    }
                    renderer.flush().await
                };
                match tokio::time::timeout(WRITE_WITHIN, write).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => break,
                }
            }
        }
    }
    if let Some((handle, _)) = link {
        handle.close();
    }
    let _ = tokio::time::timeout(WRITE_WITHIN, renderer.close()).await;
}

fn unit(mut message: bytes::Bytes) -> Option<Unit> {
    let head: [u8; DECODE_HEAD - 1] = message.get(1..DECODE_HEAD)?.try_into().ok()?;
    Some(Unit { id: u32::from_be_bytes(head), data: message.split_off(DECODE_HEAD) })
}

fn answer(id: u32, picture: Option<Picture>) -> Vec<u8> {
    let Picture { width, height, i420 } =
        picture.unwrap_or_else(|| Picture { width: 0, height: 0, i420: Vec::new() });
    let mut out = Vec::with_capacity(DECODE_HEAD + 4 + i420.len());
    out.push(DECODED);
    out.extend_from_slice(&id.to_be_bytes());
    out.extend_from_slice(&width.to_be_bytes());
    out.extend_from_slice(&height.to_be_bytes());
    out.extend_from_slice(&i420);
    out
}

fn spawn(plan: &LinkPlan, offer: MediaOffer) -> (LinkHandle, Events) {
    let config = LinkConfig {
        proxy: plan.proxy.clone(),
        ..LinkConfig::new(offer, plan.address.host.clone(), plan.address.port, Arc::clone(&plan.tls))
    };
    farhand_link::spawn(config)
}

/// Writes an event; returns the bytes that the renderer will have to take in.
async fn feed<S>(renderer: &mut S, event: LinkEvent) -> Result<usize, SocketError>
where
    S: futures_util::Sink<Message, Error = SocketError> + Unpin,
{
    let said = match event {
        LinkEvent::Message { stream, message } => {
            let message = framing::write_websocket(stream, &message);
            let length = message.len();
            renderer.feed(Message::Binary(message.into())).await?;
            return Ok(length);
        }
        LinkEvent::Connected { carrier, participant: _ } | LinkEvent::Switched { carrier } => {
            FromLink::Connected { udp_blocked: carrier == Carrier::WebSocket }
        }
        LinkEvent::Lost { why } => FromLink::Lost { why },
        LinkEvent::OfferNeeded => FromLink::OfferNeeded,
        // After these the link goes on by itself.
        LinkEvent::Refused { code: close::NO_TICKET | close::TICKET_REFUSED | close::BUSY, why } => {
            FromLink::Lost { why }
        }
        LinkEvent::Refused { code, why } => FromLink::Refused { code, why },
    };
    let text = serde_json::to_string(&said).expect("it has no map with keys that are not strings");
    renderer.feed(Message::text(text)).await?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use farhand_link::trust::Trust;
    use farhand_protocol::envelope::Stream;
    use tokio_tungstenite::client_async;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

    use super::*;

    fn plan() -> LinkPlan {
        LinkPlan {
            address: Address { host: "127.0.0.1".into(), port: 9 },
            tls: Arc::new(Trust::Authorities.client_config().unwrap()),
            proxy: None,
        }
    }

    async fn knock(door: &Door, origin: Option<&str>) -> Result<WebSocketStream<TcpStream>, SocketError> {
        let tcp = TcpStream::connect((Ipv4Addr::LOCALHOST, door.port)).await.unwrap();
        let mut request = format!("ws://127.0.0.1:{}/", door.port).into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        }
        client_async(request, tcp).await.map(|(socket, _)| socket)
    }

    /// Whether whoever shows this key is let in: then a picture that is none is answered, without waiting for a link.
    async fn enters(door: &Door, key: &str) -> bool {
        let mut socket = knock(door, Some(ORIGINS[0])).await.unwrap();
        socket.send(Message::text(key)).await.unwrap();
        let _ = socket.send(Message::binary([&[DECODE, 0, 0, 0, 1], &b"nonsense"[..]].concat())).await;
        matches!(socket.next().await, Some(Ok(Message::Binary(answer))) if answer.first() == Some(&DECODED))
    }

    #[tokio::test]
    async fn only_our_own_pages_are_let_in() {
        let door = Door::open().await.unwrap();
        for origin in [
            None,
            Some("null"),
            Some("https://evil.example"),
            Some("tauri://localhost.evil.example"),
            Some("tauri://localhost/"),
            Some("http://127.0.0.1"),
        ] {
            match knock(&door, origin).await {
                Err(SocketError::Http(response)) => assert_eq!(response.status(), 403, "{origin:?}"),
                other => panic!("{origin:?} got {other:?}"),
            }
        }
        for origin in ORIGINS {
            assert!(knock(&door, Some(origin)).await.is_ok(), "{origin}");
        }
    }

    #[tokio::test]
    async fn a_key_opens_once_and_another_not_at_all() {
        let door = Door::open().await.unwrap();
        let key = door.key(plan()).unwrap();
        assert!(!enters(&door, "").await);
        assert!(!enters(&door, &"A".repeat(43)).await);
        assert!(enters(&door, &key.token).await);
        assert!(!enters(&door, &key.token).await, "it is used up");
    }

    #[tokio::test]
    async fn keys_that_nobody_uses_do_not_pile_up() {
        let door = Door::open().await.unwrap();
        let first = door.key(plan()).unwrap();
        for _ in 0..MAX_KEYS {
            door.key(plan()).unwrap();
        }
        assert_eq!(door.keys.lock().unwrap().len(), MAX_KEYS);
        assert!(!enters(&door, &first.token).await);
    }

    #[tokio::test]
    async fn a_picture_is_decoded_for_a_web_view_that_cannot() {
        let door = Door::open().await.unwrap();
        let key = door.key(plan()).unwrap();
        let mut socket = knock(&door, Some(ORIGINS[0])).await.unwrap();
        socket.send(Message::text(key.token)).await.unwrap();
        socket.send(Message::binary([&[DECODE, 0, 0, 0, 7], &b"nonsense"[..]].concat())).await.unwrap();
        let Some(Ok(Message::Binary(answer))) = socket.next().await else { panic!("it answers") };
        assert_eq!(answer[..], [DECODED, 0, 0, 0, 7, 0, 0, 0, 0]);
        socket.send(Message::binary(vec![DECODE, 0])).await.unwrap();
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)) | Err(_)) | None));
    }

    #[tokio::test]
    async fn a_message_that_is_none_ends_the_connection() {
        for broken in [Message::text("{}"), Message::binary(vec![9, 1]), Message::binary(Vec::new())] {
            let door = Door::open().await.unwrap();
            let key = door.key(plan()).unwrap();
            let mut socket = knock(&door, Some(ORIGINS[0])).await.unwrap();
            socket.send(Message::text(key.token)).await.unwrap();
            // Before there is a link, messages of the streams are dropped.
            socket.send(Message::binary(framing::write_websocket(Stream::Input, b"x"))).await.unwrap();
            socket.send(broken).await.unwrap();
            assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)) | Err(_)) | None));
        }
    }
}
