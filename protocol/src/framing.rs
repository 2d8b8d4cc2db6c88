//! How messages lie on a carrier, the same for every hop (participant ↔ media service).
//!
//! QUIC and WebTransport: the connecting side opens one bidirectional stream for each of [`Stream::ORDERED`] and
//! writes the stream's number as its first byte; after that, in both directions, frames of `length u16 | message`
//! (big endian). The very first frame that a client writes on the control stream is the ticket
//! ([`crate::api::MediaOffer::ticket`], UTF-8); the service's first frame there is [`Accepted`] in MessagePack, or it
//! closes the connection with a [`close`] code. Datagrams: `stream u8 | index u32 | message` for a doubled message of
//! an ordered stream, `stream u8 | message` for [`Stream::Pointer`].
//! WebSocket: one binary message is `stream u8 | message`; the ticket and the answer come first, on the control stream.
//!
//! A message of at most [`DOUBLE_UP_TO`] bytes on an ordered QUIC stream goes again as a datagram
//! [`DOUBLE_AFTER_MS`] later; `index` is its position in the stream of that direction, counted from 0 (the ticket and
//! its answer are not counted). The receiver delivers each index once, in order, whichever copy came first: [`Reorder`].

use std::collections::{BTreeMap, VecDeque};
use std::ops::Add;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::envelope::{MAX_ANY_MESSAGE, MAX_DATAGRAM, MAX_MESSAGE, Stream};

/// Messages up to this many bytes are sent twice.
pub const DOUBLE_UP_TO: usize = 1024;
/// The second copy leaves this many milliseconds after the first.
pub const DOUBLE_AFTER_MS: u64 = 15;
/// ALPN of native programs on UDP 15000. Browsers come with `h3`.
pub const ALPN: &[u8] = b"farhand/1";

/// Codes with which the media service closes a connection (QUIC and WebTransport application codes; WebSocket close
/// codes are these plus 4000).
pub mod close {
    /// The session ended or the participant left.
    pub const ENDED: u32 = 0;
    /// No ticket came within five seconds.
    pub const NO_TICKET: u32 = 1;
    /// The ticket is not genuine, expired or for another session.
    pub const TICKET_REFUSED: u32 = 2;
    /// A message broke the protocol.
    pub const PROTOCOL: u32 = 3;
    /// A newer connection of the same participant took its place.
    pub const REPLACED: u32 = 4;
    /// The room is full or the service is shutting down.
    pub const BUSY: u32 = 5;
}

/// The media service's answer to a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The participant that the ticket named.
    pub participant: crate::ParticipantId,
    /// Participants that are connected to the room now, the new one left out.
    pub present: Vec<crate::ParticipantId>,
}

impl Accepted {
    /// The answer's frame content.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        crate::channel::encode(self, &mut out);
        out
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`crate::channel::ChannelError`] when it is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, crate::channel::ChannelError> {
        crate::channel::decode(bytes)
    }
}

/// The longest ticket, in bytes.
pub const MAX_TICKET: usize = 1024;
/// Messages that [`Reorder`] holds while an earlier one is missing; what comes beyond is left to its stream copy.
pub const REORDER_WINDOW: u32 = 64;
/// Messages that wait in a [`Doubler`]; the oldest is given up first.
pub const DOUBLER_WINDOW: usize = 256;

/// Why bytes of a carrier were refused. The connection is closed with [`close::PROTOCOL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than its stream's [`Stream::max_message`] (a datagram: than [`MAX_DATAGRAM`]).
    #[error("a message of {0} bytes is over its limit")]
    Long(usize),
    /// No content.
    #[error("a message is empty")]
    Empty,
    /// Unknown stream number.
    #[error("there is no stream {0}")]
    Stream(u8),
}

/// Appends a message as a frame of a QUIC stream.
///
/// # Errors
/// [`FrameError`] for an empty message and one over [`MAX_ANY_MESSAGE`].
pub fn write_frame(message: &[u8], out: &mut Vec<u8>) -> Result<(), FrameError> {
    if message.is_empty() {
        return Err(FrameError::Empty);
    }
    let length = u16::try_from(message.len()).ok().filter(|_| message.len() <= MAX_ANY_MESSAGE);
    let length = length.ok_or(FrameError::Long(message.len()))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(message);
    Ok(())
}

/// Takes frames out of the bytes of a QUIC stream, however they were cut on the way. Call [`FrameReader::poll_frame`]
/// until it is empty after each push, and it holds less than one frame.
#[derive(Debug)]
pub struct FrameReader {
    bytes: BytesMut,
    longest: usize,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self::new()
    }
}

impl FrameReader {
    /// A reader at the start of a frame, of any stream but files'.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: BytesMut::new(), longest: MAX_MESSAGE }
    }

    /// A reader at the start of a frame of this stream.
    #[must_use]
    pub fn of(stream: Stream) -> Self {
        Self { bytes: BytesMut::new(), longest: stream.max_message() }
    }

    /// Takes bytes from the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame's content.
    ///
    /// # Errors
    /// [`FrameError`]; the stream cannot be read on.
    pub fn poll_frame(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(&length) = self.bytes.first_chunk::<2>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes(length));
        if length == 0 {
            return Err(FrameError::Empty);
        }
        if length > self.longest {
            return Err(FrameError::Long(length));
        }
        if self.bytes.len() < 2 + length {
            return Ok(None);
        }
        self.bytes.advance(2);
        Ok(Some(self.bytes.split_to(length).freeze()))
    }

    /// Bytes that wait for the rest of their frame.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.bytes.len()
    }
}

/// A datagram of a QUIC connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// The second copy of a message of an ordered stream.
    Copy {
        /// Which stream.
        stream: Stream,
        /// The message's position in the stream of this direction.
        index: u32,
        /// The message.
        message: Bytes,
    },
    /// A message of [`Stream::Pointer`].
    Pointer {
        /// The message.
        message: Bytes,
    },
}

impl Datagram {
    /// Reads a datagram.
    ///
    /// # Errors
    /// [`FrameError`] when it is none of ours.
    pub fn read(mut bytes: Bytes) -> Result<Self, FrameError> {
        let stream = bytes.first().copied().ok_or(FrameError::Empty)?;
        let stream = Stream::from_byte(stream).ok_or(FrameError::Stream(stream))?;
        bytes.advance(1);
        let datagram = match stream {
            Stream::Pointer => Self::Pointer { message: bytes },
            Stream::Control
            | Stream::Input
            | Stream::Screen
            | Stream::Chat
            | Stream::Clipboard
            | Stream::Files
            | Stream::Diagnostics => {
                let index = bytes.try_get_u32().map_err(|_| FrameError::Empty)?;
                Self::Copy { stream, index, message: bytes }
            }
        };
        match &datagram {
            Self::Copy { message, .. } | Self::Pointer { message } if message.is_empty() => {
                Err(FrameError::Empty)
            }
            Self::Copy { message, .. } | Self::Pointer { message } if message.len() > MAX_DATAGRAM => {
                Err(FrameError::Long(message.len()))
            }
            Self::Copy { .. } | Self::Pointer { .. } => Ok(datagram),
        }
    }

    /// The datagram's bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        match self {
            Self::Copy { stream, index, message } => {
                let mut out = Vec::with_capacity(5 + message.len());
                out.push(*stream as u8);
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(message);
                out
            }
            Self::Pointer { message } => {
                let mut out = Vec::with_capacity(1 + message.len());
                out.push(Stream::Pointer as u8);
                out.extend_from_slice(message);
                out
            }
        }
    }
}

/// A WebSocket's binary message: the stream's number, then the message.
#[must_use]
pub fn write_websocket(stream: Stream, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + message.len());
    out.push(stream as u8);
    out.extend_from_slice(message);
    out
}

/// Reads a WebSocket's binary message.
///
/// # Errors
/// [`FrameError`] when it is none of ours.
pub fn read_websocket(mut bytes: Bytes) -> Result<(Stream, Bytes), FrameError> {
    let stream = bytes.first().copied().ok_or(FrameError::Empty)?;
    let stream = Stream::from_byte(stream).ok_or(FrameError::Stream(stream))?;
    bytes.advance(1);
    match bytes.len() {
        0 => Err(FrameError::Empty),
        length if length > stream.max_message() => Err(FrameError::Long(length)),
        _ => Ok((stream, bytes)),
    }
}

/// The receiving end of one ordered stream: delivers each message once, in order, whichever of its two copies came
/// first. Holds at most [`REORDER_WINDOW`] copies of at most [`DOUBLE_UP_TO`] bytes.
#[derive(Debug, Default)]
pub struct Reorder {
    /// Index of the next message that comes on the stream.
    stream: u32,
    /// Index of the next message to deliver.
    next: u32,
    /// Copies that came before their turn, by their index.
    early: BTreeMap<u32, Bytes>,
    ready: VecDeque<Bytes>,
}

impl Reorder {
    /// The start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next message of the stream itself. Drain [`Reorder::poll_message`] after it.
    pub fn handle_stream(&mut self, message: Bytes) {
        let index = self.stream;
        self.stream = index.wrapping_add(1);
        if index == self.next {
            self.deliver(message);
        }
    }

    /// The same for a message that the caller keeps: says whether it is to be delivered, before what
    /// [`Reorder::poll_message`] gives from now on. That must have been drained.
    pub fn handle_kept(&mut self) -> bool {
        let index = self.stream;
        self.stream = index.wrapping_add(1);
        let delivered = index == self.next;
        if delivered {
            self.pass();
        }
        delivered
    }

    /// Takes a copy that came as a datagram. Drain [`Reorder::poll_message`] after it.
    pub fn handle_copy(&mut self, index: u32, message: Bytes) {
        if message.len() > MAX_DATAGRAM {
            return;
        }
        match index.wrapping_sub(self.next) {
            0 => self.deliver(message),
            ahead if ahead < REORDER_WINDOW => {
                self.early.entry(index).or_insert(message);
            }
            _ => {}
        }
    }

    /// The next message.
    pub fn poll_message(&mut self) -> Option<Bytes> {
        self.ready.pop_front()
    }

    /// Copies that wait for an earlier message.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.early.len()
    }

    fn deliver(&mut self, message: Bytes) {
        self.ready.push_back(message);
        self.pass();
    }

    /// The next message is delivered; copies of those behind it may follow.
    fn pass(&mut self) {
        self.early.remove(&self.next);
        self.next = self.next.wrapping_add(1);
        while let Some(message) = self.early.remove(&self.next) {
            self.ready.push_back(message);
            self.next = self.next.wrapping_add(1);
        }
    }
}

/// The sending end of one ordered stream: says which messages go again as datagrams, and when. `T` is the time: an
/// `Instant`, or a `Duration` since some start where there is none (a browser's worker).
#[derive(Debug)]
pub struct Doubler<T = std::time::Instant> {
    waiting: VecDeque<(T, u32, Bytes)>,
    due: VecDeque<(u32, Bytes)>,
}

impl<T> Default for Doubler<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), due: VecDeque::new() }
    }
}

impl<T: Copy + PartialOrd + Add<Duration, Output = T>> Doubler<T> {
    /// The start of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A message was handed to the stream, at this position of it (from 0, the ticket and its answer left out). One
    /// over [`DOUBLE_UP_TO`] is passed over.
    pub fn handle_sent(&mut self, index: u32, message: Bytes, now: T) {
        if message.len() > DOUBLE_UP_TO {
            return;
        }
        if self.waiting.len() == DOUBLER_WINDOW {
            self.waiting.pop_front();
        }
        self.waiting.push_back((now + Duration::from_millis(DOUBLE_AFTER_MS), index, message));
    }

    /// When [`Doubler::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<T> {
        self.waiting.front().map(|(due, ..)| *due)
    }

    /// Makes ready what is due.
    pub fn handle_timeout(&mut self, now: T) {
        while let Some((due, ..)) = self.waiting.front()
            && *due <= now
            && let Some((_, index, message)) = self.waiting.pop_front()
        {
            if self.due.len() == DOUBLER_WINDOW {
                self.due.pop_front();
            }
            self.due.push_back((index, message));
        }
    }

    /// The next copy to send: its index and the message.
    pub fn poll_output(&mut self) -> Option<(u32, Bytes)> {
        self.due.pop_front()
    }
}
