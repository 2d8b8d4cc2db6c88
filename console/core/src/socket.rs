//! A session's socket: the page says what is sent and hears what comes; the sign-in is added here.

use std::sync::Arc;
use std::time::Duration;

use farhand_link::{Proxy, open_tls};
use farhand_protocol::signal::MAX_SIGNAL;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, header};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::server::Address;
use crate::types::SocketEvent;

/// A service that does not answer within this time is away.
const WITHIN: Duration = Duration::from_secs(10);
/// Messages that may wait to be sent.
pub const WAITING: usize = 64;
/// A WebSocket that ended without a close frame (RFC 6455, section 7.1.5).
const ABNORMAL: u16 = 1006;

/// What a socket is opened with.
#[derive(Clone, Debug)]
pub struct SocketPlan {
    /// The service.
    pub address: Address,
    /// Trust in it.
    pub tls: Arc<ClientConfig>,
    /// The way there.
    pub proxy: Option<Proxy>,
    /// The sign-in.
    pub token: String,
    /// The session, as [`crate::deep_link::is_session`] takes it.
    pub session: String,
}

/// Runs a socket until it ends, or nobody listens, or `outgoing` closes. `heard` says whether somebody listens.
pub async fn run(
    plan: SocketPlan,
    mut outgoing: mpsc::Receiver<String>,
    heard: impl Fn(SocketEvent) -> bool + Send,
) {
    let code = match tokio::time::timeout(WITHIN, open(&plan)).await {
        Ok(Ok(socket)) => {
            if !heard(SocketEvent::Open) {
                return;
            }
            speak(socket, &mut outgoing, &heard).await
        }
        Ok(Err(why)) => {
            tracing::info!(why, "the session's socket could not be opened");
            Some(ABNORMAL)
        }
        Err(_) => Some(ABNORMAL),
    };
    if let Some(code) = code {
        heard(SocketEvent::Closed { code });
    }
}

async fn open(plan: &SocketPlan) -> Result<WebSocketStream<TlsStream<TcpStream>>, String> {
    let Address { host, port } = &plan.address;
    let tls =
        open_tls(host, *port, plan.proxy.as_ref(), &plan.tls).await.map_err(|error| error.to_string())?;
    let url = format!("wss://{}/api/v1/sessions/{}/socket", plan.address.authority(), plan.session);
    let mut request = url.into_client_request().map_err(|error| error.to_string())?;
    let mut bearer =
        HeaderValue::try_from(format!("Bearer {}", plan.token)).map_err(|error| error.to_string())?;
    bearer.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, bearer);
    let limits = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(MAX_SIGNAL))
        .max_frame_size(Some(MAX_SIGNAL));
    let opened = tokio_tungstenite::client_async_with_config(request, tls, Some(limits)).await;
    opened.map(|(socket, _)| socket).map_err(|error| error.to_string())
}

/// The code with which it ended; none when we ended it, and nobody waits to hear so.
async fn speak<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    outgoing: &mut mpsc::Receiver<String>,
    heard: &(impl Fn(SocketEvent) -> bool + Send),
) -> Option<u16> {
    loop {
        tokio::select! {
            text = outgoing.recv() => {
                let Some(text) = text else {
                    // It is over either way.
                    let _ = tokio::time::timeout(WITHIN, socket.close(None)).await;
                    return None;
                };
                if socket.send(Message::text(text)).await.is_err() {
                    return Some(ABNORMAL);
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if !heard(SocketEvent::Text { text: text.as_str().to_owned() }) {
                        return None;
                    }
                }
                Some(Ok(Message::Close(frame))) => return Some(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Binary(_))) => {}
                Some(Err(_)) | None => return Some(ABNORMAL),
            },
        }
    }
}
