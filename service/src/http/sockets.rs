//! The two kinds of WebSocket. Whether their Origin is ours was looked at before: [`super::guard`].

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use farhand_media_server::{SocketIn, SocketOut};
use farhand_protocol::envelope::MAX_ANY_MESSAGE;
use farhand_protocol::signal::MAX_SIGNAL;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, Method, StatusCode};

use super::extract::{Credential, From, Id};
use super::gate::SignedIn;
use super::operation::{Access, Operation};
use super::{MEDIA_SOCKET, Refusal};
use crate::app::App;
use crate::broker::hub::{AttachRefused, Who};
use crate::broker::socket;
use crate::metrics::Refused;

/// Read buffer of a socket: thousands stand idle.
const READ_BUFFER: usize = 4096;
/// What may wait to be written to a media socket before its sink reports that it is full.
const MEDIA_WRITE_BUFFER: usize = 1024 * 1024;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::new(
        Method::GET,
        "/api/v1/sessions/{id}/socket",
        "session_socket",
        Access::Participant,
        || get(session),
    )
    .about("A session's socket, a WebSocket.")
    .gives_nothing(101),
    Operation::new(Method::GET, MEDIA_SOCKET, "media_socket", Access::Ticket, || get(media))
        .about("The media path's WebSocket. Who it is says the ticket, which comes as the first message.")
        .gives_nothing(101),
];

/// `GET /api/v1/sessions/{id}/socket`.
pub async fn session(
    State(app): State<App>,
    From(from): From,
    Id(id): Id,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let who = who(&app, &headers, from).await?;
    let refused = |refused| {
        app.metrics().refused(Refused::Socket);
        match refused {
            AttachRefused::NoSession => Refusal::no_session(),
            AttachRefused::NotYours => Refusal::sign_in_needed(),
        }
    };
    let seat = match app.broker().may_attach(&id, &who) {
        Ok(seat) => seat,
        Err(why) => {
            // A session's token outlives it at its agent; one that was never given is made up, or changed.
            if let Who::Token(hash) = &who
                && !app.store().is_participants_token(hash).await?
                && app.store().sign_in_by_token(hash).await?.is_none()
            {
                app.alarm("token", "token_unknown", from);
            }
            return Err(refused(why));
        }
    };
    let upgrade = upgrade.map_err(|_| not_a_socket())?;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(MAX_SIGNAL)
        .max_frame_size(MAX_SIGNAL)
        .on_upgrade(move |web_socket| socket::run(app, web_socket, seat, from)))
}

async fn who(app: &App, headers: &HeaderMap, from: std::net::IpAddr) -> Result<Who, Refusal> {
    if let Some(signed_in) = SignedIn::of(app, headers, from).await? {
        let signed_in = signed_in.complete()?;
        return Ok(Who::User {
            tenant: signed_in.tenant(),
            user: signed_in.user().to_owned(),
            sign_in: signed_in.token,
        });
    }
    match Credential::of(headers) {
        Credential::Bearer(Some(token)) => Ok(Who::Token(token.hash())),
        Credential::Bearer(None) | Credential::Key(_) | Credential::Cookie(_) | Credential::None => {
            app.metrics().refused(Refused::Socket);
            Err(Refusal::sign_in_needed())
        }
    }
}

/// `GET /api/v1/media`. Who it is says the ticket, which comes as the first message.
pub async fn media(
    State(app): State<App>,
    From(from): From,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|_| not_a_socket())?;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MEDIA_WRITE_BUFFER)
        .max_message_size(MAX_ANY_MESSAGE + 1)
        .max_frame_size(MAX_ANY_MESSAGE + 1)
        .on_upgrade(move |web_socket| async move {
            let _living = app.living();
            app.media().accept_websocket(as_media(web_socket), from).await;
        }))
}

fn as_media(
    socket: WebSocket,
) -> impl futures_util::Stream<Item = Result<SocketIn, axum::Error>>
+ futures_util::Sink<SocketOut, Error = axum::Error>
+ Send {
    socket
        .map(|message| {
            message.map(|message| match message {
                Message::Binary(bytes) => SocketIn::Message(bytes),
                Message::Pong(_) => SocketIn::Pong,
                Message::Ping(_) => SocketIn::Ping,
                Message::Text(_) => SocketIn::Text,
                Message::Close(_) => SocketIn::Close,
            })
        })
        .with(|out: SocketOut| {
            std::future::ready(Ok(match out {
                SocketOut::Message(bytes) => Message::Binary(bytes),
                SocketOut::Ping => Message::Ping(Bytes::new()),
                SocketOut::Close { code, reason } => {
                    Message::Close(Some(axum::extract::ws::CloseFrame { code, reason: reason.into() }))
                }
            }))
        })
}

fn not_a_socket() -> Refusal {
    Refusal::new(
        StatusCode::UPGRADE_REQUIRED,
        "socket_only",
        "This address speaks WebSocket only. Open it as a WebSocket, with HTTP/1.1.",
    )
}
