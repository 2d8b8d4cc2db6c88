//! The shell of one session socket: JSON in, JSON out, pings, and the end of a socket whose other side is gone.

use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use farhand_protocol::signal::ToService;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::hub::{CloseWhy, Seat, SocketId};
use super::{Broker, ToSocket, WAITING};
use crate::app::{App, ended};
use crate::metrics::Refused;

/// A ping goes this often.
const PING: Duration = Duration::from_secs(4);
/// A socket that says nothing for this long, not even a pong, is gone.
const DEAD: Duration = Duration::from_secs(10);
/// A write or a closing hand-shake takes at most this long.
const WRITE: Duration = Duration::from_secs(5);
const CLOSE: Duration = Duration::from_secs(1);

/// Close codes of RFC 6455; those from 4000 are ours ([`farhand_protocol::framing::close`]).
mod code {
    pub const NORMAL: u16 = 1000;
    pub const POLICY: u16 = 1008;
    /// The client should come back: the service restarts.
    pub const RESTART: u16 = 1012;
    pub const REPLACED: u16 = 4004;
}

impl Broker {
    fn attach(&self, seat: Seat) -> Option<(SocketId, mpsc::Receiver<ToSocket>)> {
        let (to, queue) = mpsc::channel(WAITING);
        let mut shared = self.inner.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let socket = shared.hub.handle_attach(seat, crate::clock::Now::read())?;
        shared.sockets.insert(socket, to);
        drop(shared);
        self.inner.due.notify_one();
        Some((socket, queue))
    }

    fn detach(&self, socket: SocketId) {
        self.drive(|hub, now| hub.handle_detach(socket, now)).1.later();
        self.inner.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).sockets.remove(&socket);
    }

    fn signal(&self, socket: SocketId, signal: ToService) {
        self.inner.metrics.signals.fetch_add(1, Ordering::Relaxed);
        self.drive(|hub, now| hub.handle_signal(socket, signal, now)).1.later();
    }

    fn garbage(&self, socket: SocketId) {
        self.inner.metrics.refused(Refused::Signal);
        self.drive(|hub, now| hub.handle_garbage(socket, now)).1.later();
    }
}

/// Serves a socket until it ends.
pub async fn run(app: App, mut web_socket: WebSocket, seat: Seat, from: IpAddr) {
    let _living = app.living();
    let Some((socket, mut queue)) = app.broker().attach(seat.clone()) else {
        close(&mut web_socket, code::NORMAL, "ended").await;
        return;
    };
    app.metrics().sockets.fetch_add(1, Ordering::Relaxed);
    tracing::debug!(session = %seat.session, participant = seat.participant, %from, "socket open");
    let (code, reason) = talk(&app, &mut web_socket, socket, &mut queue).await;
    app.broker().detach(socket);
    close(&mut web_socket, code, reason).await;
    app.metrics().sockets.fetch_sub(1, Ordering::Relaxed);
    tracing::debug!(session = %seat.session, participant = seat.participant, code, reason, "socket closed");
}

async fn talk(
    app: &App,
    web_socket: &mut WebSocket,
    socket: SocketId,
    queue: &mut mpsc::Receiver<ToSocket>,
) -> (u16, &'static str) {
    let mut ping = interval_at(Instant::now() + PING, PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    let mut ending = app.ending();
    loop {
        tokio::select! {
            biased;
            told = queue.recv() => match told {
                Some(ToSocket::Text(text)) => {
                    if !matches!(timeout(WRITE, web_socket.send(Message::Text(text.into()))).await, Ok(Ok(()))) {
                        return (code::POLICY, "too slow");
                    }
                }
                Some(ToSocket::Close(CloseWhy::Ended)) => return (code::NORMAL, "ended"),
                Some(ToSocket::Close(CloseWhy::Refused)) => return (code::POLICY, "refused"),
                Some(ToSocket::Close(CloseWhy::Replaced)) => return (code::REPLACED, "replaced"),
                Some(ToSocket::Close(CloseWhy::Gone)) | None => return (code::POLICY, "too slow"),
            },
            () = ended(&mut ending) => return (code::RESTART, "the service restarts"),
            message = web_socket.next() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => match ToService::decode(&text) {
                        Ok(signal) => app.broker().signal(socket, signal),
                        Err(_) => app.broker().garbage(socket),
                    },
                    Some(Ok(Message::Binary(_))) => app.broker().garbage(socket),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_))) | None => return (code::NORMAL, "gone"),
                    Some(Err(error)) => {
                        // Too large, broken frames, or a connection that is gone.
                        app.metrics().refused(Refused::Signal);
                        tracing::debug!(%error, "a session socket broke");
                        return (code::POLICY, "unreadable");
                    }
                }
            }
            _ = ping.tick() => {
                if !matches!(timeout(WRITE, web_socket.send(Message::Ping(bytes::Bytes::new()))).await, Ok(Ok(()))) {
                    return (code::POLICY, "too slow");
                }
            }
            () = sleep_until(heard + DEAD) => return (code::POLICY, "silent"),
        }
    }
}

async fn close(web_socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let closing = async {
        if web_socket.send(frame).await.is_ok() {
            // The other side answers with a close frame of its own.
            while let Some(Ok(_)) = web_socket.next().await {}
        }
    };
    timeout(CLOSE, closing).await.ok();
}
