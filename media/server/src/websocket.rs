//! Participants whose network lets no UDP through: the HTTPS side hands their WebSockets over.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use farhand_protocol::envelope::{Reach, Stream};
use farhand_protocol::framing;
use farhand_room::ConnectionId;
use futures_util::task::AtomicWaker;
use futures_util::{Sink, SinkExt, StreamExt};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::counters::{Carrier, Reason};
use crate::rooms::{self, Cell, Peer};
use crate::server::{Shared, SocketIn, SocketOut, TICKET_WITHIN};

/// WebSocket close codes are those of the media service plus this.
const CLOSE_BASE: u16 = 4000;
const PING_EVERY: Duration = Duration::from_millis(1500);
/// A socket from which nothing came for so long, not even a pong, is gone.
const SILENT_FOR: Duration = Duration::from_secs(5);
/// A socket that is closed gets so long to take what was sent to it.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 128;

struct SocketPeer {
    waker: AtomicWaker,
    closed: Mutex<Option<(u32, &'static str)>>,
}

impl Peer for SocketPeer {
    fn wake(&self) {
        self.waker.wake();
    }

    fn close(&self, code: u32, why: &'static str) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((code, why));
        self.waker.wake();
    }
}

impl SocketPeer {
    fn closed(&self) -> Option<(u32, &'static str)> {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum End {
    Gone,
    Refused(Reason),
    Closed(u32, &'static str),
}

/// Serves a WebSocket from its first message to its end.
pub(crate) async fn serve<S, E>(shared: Arc<Shared>, socket: S, from: IpAddr)
where
    S: futures_util::Stream<Item = Result<SocketIn, E>> + Sink<SocketOut, Error = E> + Send + 'static,
    E: std::fmt::Display + Send + 'static,
{
    let mut socket = Box::pin(socket);
    let end = match participate(&shared, socket.as_mut()).await {
        End::Gone => return,
        End::Refused(reason) => {
            shared.refused(reason, Some(Carrier::WebSocket), from);
            (reason.code(), reason.name())
        }
        End::Closed(code, why) => (code, why),
    };
    let code = CLOSE_BASE + u16::try_from(end.0).unwrap_or(u16::MAX - CLOSE_BASE);
    let close = async {
        let sent = socket.send(SocketOut::Close { code, reason: end.1 }).await;
        // The far side answers the close; until then it may still be reading.
        while sent.is_ok() && matches!(socket.next().await, Some(Ok(_))) {}
    };
    let _ = tokio::time::timeout(CLOSE_WITHIN, close).await;
}

async fn participate<S, E>(shared: &Arc<Shared>, mut socket: Pin<&mut S>) -> End
where
    S: futures_util::Stream<Item = Result<SocketIn, E>> + Sink<SocketOut, Error = E> + Send + 'static,
    E: std::fmt::Display + Send + 'static,
{
    let ticket = match tokio::time::timeout(TICKET_WITHIN, ticket(socket.as_mut())).await {
        Ok(Ok(ticket)) => ticket,
        Ok(Err(end)) => return end,
        Err(_) => return End::Refused(Reason::NoTicket),
    };
    let place = match shared.verify(&ticket).and_then(|ticket| shared.rooms.join(&ticket, Carrier::WebSocket))
    {
        Ok(place) => place,
        Err(reason) => return End::Refused(reason),
    };
    let _guard = shared.enter(&place, Carrier::WebSocket);
    let answer = framing::write_websocket(Stream::Control, &place.accepted.encode());
    if socket.send(SocketOut::Message(answer.into())).await.is_err() {
        return End::Gone;
    }
    let peer = Arc::new(SocketPeer { waker: AtomicWaker::new(), closed: Mutex::new(None) });
    if let Some((code, why)) = place.cell.present(place.connection, peer.clone()) {
        return End::Closed(code, why);
    }
    let mut pings = tokio::time::interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut relay = Relay {
        socket,
        peer,
        cell: place.cell,
        connection: place.connection,
        pings,
        heard_at: Instant::now(),
        flushed: true,
    };
    poll_fn(|cx| relay.poll(cx)).await
}

async fn ticket<S, E>(mut socket: Pin<&mut S>) -> Result<Bytes, End>
where
    S: futures_util::Stream<Item = Result<SocketIn, E>>,
{
    loop {
        match socket.next().await {
            Some(Ok(SocketIn::Message(message))) => {
                return match framing::read_websocket(message) {
                    Ok((Stream::Control, ticket)) => Ok(ticket),
                    Ok(_) => Err(End::Refused(Reason::NoTicket)),
                    Err(error) => Err(End::Refused(rooms::frame(&error))),
                };
            }
            Some(Ok(SocketIn::Ping | SocketIn::Pong)) => {}
            Some(Ok(SocketIn::Text)) => return Err(End::Refused(Reason::Malformed)),
            Some(Ok(SocketIn::Close) | Err(_)) | None => return Err(End::Gone),
        }
    }
}

struct Relay<'a, S> {
    socket: Pin<&'a mut S>,
    peer: Arc<SocketPeer>,
    cell: Arc<Cell>,
    connection: ConnectionId,
    pings: Interval,
    heard_at: Instant,
    flushed: bool,
}

impl<S, E> Relay<'_, S>
where
    S: futures_util::Stream<Item = Result<SocketIn, E>> + Sink<SocketOut, Error = E>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        match self.step(cx) {
            Ok(()) => Poll::Pending,
            Err(end) => Poll::Ready(end),
        }
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        self.peer.waker.register(cx.waker());
        if self.read(cx)? {
            cx.waker().wake_by_ref();
        }
        if self.pings.poll_tick(cx).is_ready() {
            if self.heard_at.elapsed() > SILENT_FOR {
                return Err(End::Gone);
            }
            // Registers the next tick, and asks the far side to say something.
            let _ = self.pings.poll_tick(cx);
            if self.socket.as_mut().poll_ready(cx).is_ready() {
                self.start_send(SocketOut::Ping)?;
            }
        }
        self.write(cx)?;
        // After what was taken for this socket already.
        match self.peer.closed() {
            Some((code, why)) if self.flushed => Err(End::Closed(code, why)),
            Some(_) | None => Ok(()),
        }
    }

    /// Reads what there is; says whether there may be more.
    fn read(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        for _ in 0..AT_ONCE {
            let Poll::Ready(item) = self.socket.as_mut().poll_next(cx) else { return Ok(false) };
            self.heard_at = Instant::now();
            match item {
                Some(Ok(SocketIn::Message(message))) => {
                    let (stream, message) = framing::read_websocket(message)
                        .map_err(|error| End::Refused(rooms::frame(&error)))?;
                    self.cell.handle_message(self.connection, stream, message).map_err(End::Refused)?;
                }
                Some(Ok(SocketIn::Ping | SocketIn::Pong)) => {}
                Some(Ok(SocketIn::Text)) => return Err(End::Refused(Reason::Malformed)),
                Some(Ok(SocketIn::Close) | Err(_)) | None => return Err(End::Gone),
            }
        }
        Ok(true)
    }

    /// Writes a message at a time, so that an urgent one waits for one other at most.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        loop {
            if !self.flushed {
                match self.socket.as_mut().poll_flush(cx) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(Err(_)) => return Err(End::Gone),
                    Poll::Ready(Ok(())) => self.flushed = true,
                }
            }
            match self.socket.as_mut().poll_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => return Err(End::Gone),
                Poll::Ready(Ok(())) => {}
            }
            let Some((stream, message)) = self.cell.take(self.connection, Reach::Files) else {
                return Ok(());
            };
            self.start_send(SocketOut::Message(framing::write_websocket(stream, &message).into()))?;
        }
    }

    fn start_send(&mut self, message: SocketOut) -> Result<(), End> {
        self.flushed = false;
        self.socket.as_mut().start_send(message).map_err(|_| End::Gone)
    }
}
