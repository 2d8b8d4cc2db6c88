//! The WebSocket as a carrier.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use farhand_protocol::envelope::{Reach, Stream as StreamId};
use farhand_protocol::framing::{self, Accepted};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::connect::Socket;
use crate::queue::Shared;
use crate::quic::{Broken, KEEP_ALIVE_EVERY};

/// WebSocket close codes are those of the media service plus this.
const CLOSE_BASE: u16 = 4000;
const AT_ONCE: usize = 128;

/// Hands in the ticket and waits for the answer.
pub(crate) async fn enter(socket: &mut Socket, ticket: &str) -> Result<Accepted, Broken> {
    let message = framing::write_websocket(StreamId::Control, ticket.as_bytes());
    socket.send(Message::Binary(message.into())).await.map_err(lost)?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(message))) => {
                let (_, answer) = framing::read_websocket(message)?;
                return Accepted::decode(&answer).map_err(|_| Broken::Streams("the answer cannot be read"));
            }
            Some(Ok(Message::Close(frame))) => return Err(closed(frame)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(lost(error)),
            None => return Err(Broken::Lost("the WebSocket ended".to_owned())),
        }
    }
}

fn lost(error: impl std::fmt::Display) -> Broken {
    Broken::Lost(error.to_string())
}

fn closed(frame: Option<CloseFrame>) -> Broken {
    let code = frame.as_ref().and_then(|frame| u16::from(frame.code).checked_sub(CLOSE_BASE));
    let why = frame.map(|frame| frame.reason.as_str().to_owned()).unwrap_or_default();
    match code {
        Some(code) => Broken::Closed { code: u32::from(code), why },
        None => Broken::Lost(format!("the WebSocket was closed {why}")),
    }
}

/// A WebSocket over which messages flow.
pub(crate) struct SocketLink {
    socket: Socket,
    shared: Arc<Shared>,
    pings: Interval,
    heard_at: Instant,
    idle_after: Duration,
    flushed: bool,
    /// A ping on its way, whose answer says that everything before it has arrived.
    pinged: Option<(u64, Instant)>,
    ping: u64,
    answered: u64,
}

impl SocketLink {
    pub(crate) fn new(socket: Socket, shared: Arc<Shared>, idle_after: Duration) -> Self {
        let mut pings = tokio::time::interval(KEEP_ALIVE_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let heard_at = Instant::now();
        Self {
            socket,
            shared,
            pings,
            heard_at,
            idle_after,
            flushed: true,
            pinged: None,
            ping: 0,
            answered: 0,
        }
    }

    /// Carries messages until `until` is ready, or the WebSocket breaks.
    pub(crate) async fn run_until<T>(
        &mut self,
        until: impl Future<Output = T>,
        handle: &mut (dyn FnMut(StreamId, Bytes) -> Result<(), Broken> + Send),
    ) -> Result<T, Broken> {
        let mut until = std::pin::pin!(until);
        poll_fn(|cx| {
            if let Poll::Ready(done) = until.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            match self.step(cx, handle) {
                Ok(()) => Poll::Pending,
                Err(broken) => Poll::Ready(Err(broken)),
            }
        })
        .await
    }

    /// Carries messages until everything that was sent has arrived.
    pub(crate) async fn settle(
        &mut self,
        within: Duration,
        handle: &mut (dyn FnMut(StreamId, Bytes) -> Result<(), Broken> + Send),
    ) -> Result<bool, Broken> {
        let flush = poll_fn(|cx| match self.step(cx, handle) {
            Err(broken) => Poll::Ready(Err(broken)),
            Ok(()) if !self.flushed => Poll::Pending,
            Ok(()) => Poll::Ready(Ok(())),
        });
        let mut timer = std::pin::pin!(tokio::time::sleep(within));
        tokio::select! {
            flushed = flush => flushed?,
            () = &mut timer => return Ok(false),
        }
        self.send_ping()?;
        let wanted = self.ping;
        poll_fn(|cx| {
            if timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(false));
            }
            match self.step(cx, handle) {
                Err(broken) => Poll::Ready(Err(broken)),
                Ok(()) if self.answered >= wanted => Poll::Ready(Ok(true)),
                Ok(()) => Poll::Pending,
            }
        })
        .await
    }

    /// Closes, after all that was sent.
    pub(crate) async fn close(&mut self) {
        // It is over either way.
        let _ = self.socket.close(None).await;
    }

    fn step(
        &mut self,
        cx: &mut Context<'_>,
        handle: &mut (dyn FnMut(StreamId, Bytes) -> Result<(), Broken> + Send),
    ) -> Result<(), Broken> {
        self.shared.socket_waker.register(cx.waker());
        if self.read(cx, handle)? {
            cx.waker().wake_by_ref();
        }
        while self.pings.poll_tick(cx).is_ready() {
            if self.heard_at.elapsed() > self.idle_after {
                return Err(Broken::Lost("the WebSocket is silent".to_owned()));
            }
            if self.pinged.is_none() && Pin::new(&mut self.socket).poll_ready(cx).is_ready() {
                self.send_ping()?;
            }
        }
        self.write(cx)
    }

    /// Reads what there is; says whether there may be more.
    fn read(
        &mut self,
        cx: &mut Context<'_>,
        handle: &mut (dyn FnMut(StreamId, Bytes) -> Result<(), Broken> + Send),
    ) -> Result<bool, Broken> {
        for _ in 0..AT_ONCE {
            let Poll::Ready(item) = Pin::new(&mut self.socket).poll_next(cx) else { return Ok(false) };
            self.heard_at = Instant::now();
            match item {
                Some(Ok(Message::Binary(message))) => {
                    let (stream, message) = framing::read_websocket(message)?;
                    handle(stream, message)?;
                }
                Some(Ok(Message::Pong(payload))) => self.handle_pong(&payload),
                Some(Ok(Message::Ping(_))) => self.flushed = false,
                Some(Ok(Message::Close(frame))) => return Err(closed(frame)),
                Some(Ok(Message::Text(_) | Message::Frame(_))) => {
                    return Err(Broken::Streams("a WebSocket message is not binary"));
                }
                Some(Err(error)) => return Err(lost(error)),
                None => return Err(Broken::Lost("the WebSocket ended".to_owned())),
            }
        }
        Ok(true)
    }

    fn handle_pong(&mut self, payload: &[u8]) {
        let Ok(number) = payload.try_into().map(u64::from_be_bytes) else { return };
        self.answered = self.answered.max(number);
        if let Some((pinged, at)) = self.pinged
            && pinged == number
        {
            self.pinged = None;
            self.shared.socket_round_trip(at.elapsed());
        }
    }

    /// Writes a message at a time, so that an urgent one waits for one other at most.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        loop {
            if !self.flushed {
                match Pin::new(&mut self.socket).poll_flush(cx) {
                    Poll::Pending => return Ok(()),
                    Poll::Ready(flushed) => flushed.map_err(lost)?,
                }
                self.flushed = true;
            }
            match Pin::new(&mut self.socket).poll_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(ready) => ready.map_err(lost)?,
            }
            let Some((stream, message)) = self.shared.take(Reach::Files) else { return Ok(()) };
            let message = framing::write_websocket(stream, &message);
            self.start_send(Message::Binary(message.into()))?;
        }
    }

    fn send_ping(&mut self) -> Result<(), Broken> {
        self.ping += 1;
        self.pinged = Some((self.ping, Instant::now()));
        self.start_send(Message::Ping(Bytes::copy_from_slice(&self.ping.to_be_bytes())))
    }

    fn start_send(&mut self, message: Message) -> Result<(), Broken> {
        self.flushed = false;
        Pin::new(&mut self.socket).start_send(message).map_err(lost)
    }
}
