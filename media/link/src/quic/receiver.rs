//! The reading side of a hop.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use farhand_protocol::envelope::Stream;
use farhand_protocol::framing::{self, Datagram, FrameReader, Reorder};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::session::{Broken, Session};
use super::{LANES, lane};

const READ: usize = 32 * 1024;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Streams<S> = (<S as Session>::Send, <S as Session>::Recv);
type Accepting<S> = Boxed<Result<(Stream, Streams<S>), Broken>>;

struct Lane<R> {
    stream: Option<R>,
    frames: FrameReader,
    reorder: Reorder,
}

/// What a [`Receiver`] hands out.
pub enum Incoming<S: Session> {
    /// A message of the far side.
    Message(Stream, Bytes),
    /// The far side opened an ordered stream; this is its sending half.
    Opened(Stream, S::Send),
}

/// The reading side of a hop: every message once, in the order of its stream.
pub struct Receiver<S: Session> {
    session: S,
    lanes: [Lane<S::Recv>; LANES],
    datagram: Boxed<Result<Bytes, Broken>>,
    accept: Option<Accepting<S>>,
    ready: VecDeque<(Stream, Bytes)>,
    buffer: Vec<u8>,
}

/// A hop whose ticket was exchanged.
pub struct Opening<S: Session> {
    /// Reads.
    pub receiver: Receiver<S>,
    /// The sending halves that exist.
    pub sending: Vec<(Stream, S::Send)>,
}

impl<S: Session> Receiver<S> {
    fn new(session: S, accepts: bool) -> Self {
        let lane = |at: usize| {
            let frames = FrameReader::of(Stream::ORDERED[at]);
            Lane { stream: None, frames, reorder: Reorder::new() }
        };
        let datagram = next_datagram(&session);
        let accept = accepts.then(|| next_stream(&session));
        let buffer = vec![0; READ];
        Self { session, lanes: std::array::from_fn(lane), datagram, accept, ready: VecDeque::new(), buffer }
    }

    /// The client's side: opens the streams, hands in the ticket and waits for the answer.
    ///
    /// # Errors
    /// [`Broken`], with the service's code when it refused.
    pub async fn connect(session: S, ticket: &str) -> Result<(Opening<S>, framing::Accepted), Broken> {
        let mut receiver = Self::new(session.clone(), false);
        let mut sending = Vec::new();
        for stream in Stream::ORDERED {
            let (mut send, recv) = session.open().await?;
            let mut first = vec![stream as u8];
            if stream == Stream::Control {
                framing::write_frame(ticket.as_bytes(), &mut first)?;
            }
            send.write_all(&first).await.map_err(|error| why(&session, &error))?;
            sending.push((stream, send));
            receiver.attach(stream, recv)?;
        }
        let answer = receiver.first_frame(framing::MAX_TICKET).await?;
        let accepted =
            framing::Accepted::decode(&answer).map_err(|_| Broken::Streams("the answer cannot be read"))?;
        Ok((Opening { receiver, sending }, accepted))
    }

    /// The service's side: waits for the ticket, which the caller verifies and answers by [`answer`].
    ///
    /// # Errors
    /// [`Broken`].
    pub async fn accept(session: S) -> Result<(Opening<S>, Bytes), Broken> {
        let mut receiver = Self::new(session, true);
        let mut sending = Vec::new();
        while receiver.lanes[0].stream.is_none() {
            let accept = receiver.accept.as_mut().ok_or(Broken::Streams("no streams are accepted"))?;
            let (stream, (send, recv)) = accept.await?;
            receiver.accept = Some(next_stream(&receiver.session));
            receiver.attach(stream, recv)?;
            sending.push((stream, send));
        }
        let ticket = receiver.first_frame(framing::MAX_TICKET).await?;
        Ok((Opening { receiver, sending }, ticket))
    }

    /// The next message or stream.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Incoming<S>, Broken>> {
        loop {
            if let Some((stream, message)) = self.ready.pop_front() {
                return Poll::Ready(Ok(Incoming::Message(stream, message)));
            }
            let mut progress = self.poll_datagram(cx)?;
            for lane in 0..self.lanes.len() {
                progress |= self.poll_lane(lane, cx)?;
            }
            if let Some(accept) = &mut self.accept
                && let Poll::Ready(accepted) = accept.as_mut().poll(cx)
            {
                let (stream, (send, recv)) = accepted?;
                self.accept = Some(next_stream(&self.session));
                self.attach(stream, recv)?;
                return Poll::Ready(Ok(Incoming::Opened(stream, send)));
            }
            if !progress {
                return Poll::Pending;
            }
        }
    }

    fn attach(&mut self, stream: Stream, recv: S::Recv) -> Result<(), Broken> {
        let lane = lane(stream).ok_or(Broken::Streams("the pointer has no stream"))?;
        if self.lanes[lane].stream.is_some() {
            return Err(Broken::Streams("a stream was opened twice"));
        }
        self.lanes[lane].stream = Some(recv);
        Ok(())
    }

    /// The ticket or its answer. Reads no byte beyond it.
    async fn first_frame(&mut self, limit: usize) -> Result<Bytes, Broken> {
        let stream = self.lanes[0].stream.as_mut().ok_or(Broken::Streams("there is no control stream"))?;
        let length = stream.read_u16().await.map_err(|error| why(&self.session, &error))?;
        let length = usize::from(length);
        if length == 0 || length > limit {
            return Err(framing::FrameError::Long(length).into());
        }
        let mut frame = vec![0; length];
        stream.read_exact(&mut frame).await.map_err(|error| why(&self.session, &error))?;
        Ok(frame.into())
    }

    fn poll_datagram(&mut self, cx: &mut Context<'_>) -> Result<bool, Broken> {
        let mut progress = false;
        while let Poll::Ready(datagram) = self.datagram.as_mut().poll(cx) {
            let datagram = datagram?;
            self.datagram = next_datagram(&self.session);
            progress = true;
            match Datagram::read(datagram)? {
                Datagram::Pointer { message } => self.ready.push_back((Stream::Pointer, message)),
                Datagram::Copy { stream, index, message } => {
                    if let Some(lane) = lane(stream) {
                        self.lanes[lane].reorder.handle_copy(index, message);
                        self.deliver(lane);
                    }
                }
            }
        }
        Ok(progress)
    }

    fn poll_lane(&mut self, lane: usize, cx: &mut Context<'_>) -> Result<bool, Broken> {
        let Some(stream) = &mut self.lanes[lane].stream else { return Ok(false) };
        let mut buffer = ReadBuf::new(&mut self.buffer);
        match Pin::new(stream).poll_read(cx, &mut buffer) {
            Poll::Pending => return Ok(false),
            Poll::Ready(Err(error)) => return Err(why(&self.session, &error)),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                return Err(self.session.broken().unwrap_or(Broken::Streams("a stream ended")));
            }
            Poll::Ready(Ok(())) => {}
        }
        self.lanes[lane].frames.push(buffer.filled());
        while let Some(message) = self.lanes[lane].frames.poll_frame()? {
            self.lanes[lane].reorder.handle_stream(message);
        }
        self.deliver(lane);
        Ok(true)
    }

    fn deliver(&mut self, lane: usize) {
        while let Some(message) = self.lanes[lane].reorder.poll_message() {
            self.ready.push_back((Stream::ORDERED[lane], message));
        }
    }
}

/// Writes the service's answer to a ticket.
///
/// # Errors
/// [`Broken`].
pub async fn answer<S: Session>(
    session: &S,
    control: &mut S::Send,
    accepted: &framing::Accepted,
) -> Result<(), Broken> {
    let mut frame = Vec::new();
    framing::write_frame(&accepted.encode(), &mut frame)?;
    control.write_all(&frame).await.map_err(|error| why(session, &error))
}

fn next_datagram<S: Session>(session: &S) -> Boxed<Result<Bytes, Broken>> {
    let session = session.clone();
    Box::pin(async move { session.datagram().await })
}

fn next_stream<S: Session>(session: &S) -> Accepting<S> {
    let session = session.clone();
    Box::pin(async move {
        let (send, mut recv) = session.accept().await?;
        let byte = recv.read_u8().await.map_err(|error| why(&session, &error))?;
        let stream = Stream::from_byte(byte).ok_or(framing::FrameError::Stream(byte))?;
        Ok((stream, (send, recv)))
    })
}

fn why<S: Session>(session: &S, error: &std::io::Error) -> Broken {
    session.broken().unwrap_or_else(|| Broken::Lost(error.to_string()))
}
