//! The clear head of every message on the media path: what the room must see to relay it, and nothing else.
//!
//! Layout, big endian: `version u8 | stream u8 | flags u8 | sender u8 | sequence u32`, then for the screen stream in
//! the direction agent → viewer `frame u32 | captured_us u64`, on a stream of one console ([`Stream::is_addressed`]) in
//! that direction `to u8`, then the body. The head will be the associated data of
//! the seal; the sequence is per sender and stream, starts at 0 and is the seal's nonce counter.

use crate::ParticipantId;

/// Bytes of the common head.
pub const HEAD_LEN: usize = 8;
/// Bytes of the head of a screen message from the agent.
pub const SCREEN_HEAD_LEN: usize = HEAD_LEN + 12;
/// Bytes of the head of an agent's message to one console: the common head, and whom it is for.
pub const TO_HEAD_LEN: usize = HEAD_LEN + 1;
/// The largest message, head included, on any stream but files': 16 KB of content and room for heads, field names and
/// the seal's tag. Larger content is cut by its sender.
pub const MAX_MESSAGE: usize = 16 * 1024 + 256;
/// The same on [`Stream::Files`], where each message costs both ends more than its bytes do: 60 KB of content.
pub const MAX_FILES_MESSAGE: usize = 60 * 1024 + 256;
/// The largest message on any stream at all, for who does not know yet on which one it came.
pub const MAX_ANY_MESSAGE: usize = MAX_FILES_MESSAGE;
/// The largest datagram message, head included.
pub const MAX_DATAGRAM: usize = 1024 + 64;
/// Version byte of this layout.
pub const LAYOUT: u8 = 1;

/// Which ordered stream a message travels on. Each participant has one of each with the media service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stream {
    /// Asks, consent snapshots, cursor shapes, pings: [`crate::channel::Control`].
    Control = 0,
    /// Keys, buttons, wheel, text: [`crate::channel::Input`]. Console → agent only.
    Input = 1,
    /// Screen frames (agent → viewers) and [`crate::channel::ScreenFeedback`] (viewer → agent).
    Screen = 2,
    /// Pointer positions, the newest wins: [`crate::channel::Pointer`]. Datagrams; on a WebSocket ordinary messages.
    Pointer = 3,
    /// What people say to one another, and what the technician points at: [`crate::channel::chat::Chat`].
    Chat = 4,
    /// [`crate::channel::clipboard::Clipboard`].
    Clipboard = 5,
    /// [`crate::channel::files::Files`]. Leaves when nothing else wants to.
    Files = 6,
    /// What is read of the customer's machine, and its command line: [`crate::channel::diagnostics::Diagnostics`].
    Diagnostics = 7,
}

impl Stream {
    /// Every stream, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Control,
        Self::Input,
        Self::Screen,
        Self::Pointer,
        Self::Chat,
        Self::Clipboard,
        Self::Files,
        Self::Diagnostics,
    ];
    /// The streams that are QUIC streams (all but [`Stream::Pointer`]).
    pub const ORDERED: [Self; 7] = [
        Self::Control,
        Self::Input,
        Self::Screen,
        Self::Chat,
        Self::Clipboard,
        Self::Files,
        Self::Diagnostics,
    ];

    /// Whether what the agent says here is for one console, named in the head ([`TO_HEAD_LEN`]), and not for all.
    #[must_use]
    pub const fn is_addressed(self) -> bool {
        match self {
            Self::Clipboard | Self::Files | Self::Diagnostics => true,
            Self::Control | Self::Input | Self::Screen | Self::Pointer | Self::Chat => false,
        }
    }

    /// The largest message on this stream, head included.
    #[must_use]
    pub const fn max_message(self) -> usize {
        match self {
            Self::Files => MAX_FILES_MESSAGE,
            Self::Control
            | Self::Input
            | Self::Screen
            | Self::Pointer
            | Self::Chat
            | Self::Clipboard
            | Self::Diagnostics => MAX_MESSAGE,
        }
    }

    /// The stream with this number.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|s| *s as u8 == byte)
    }
}

/// How far down the order of urgency a writer goes for its next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Everything but the screen and files.
    Urgent,
    /// Everything but files.
    Screen,
    /// Everything.
    Files,
}

/// Flags of a message.
pub mod flags {
    /// Screen: the first piece of a frame.
    pub const FIRST: u8 = 1;
    /// Screen: the last piece of a frame.
    pub const LAST: u8 = 2;
    /// Screen: this frame needs no earlier one (a new zstd stream, every pixel).
    pub const RESET: u8 = 4;
    /// Screen: after this frame nothing lossy is on the screen.
    pub const EXACT: u8 = 8;
    /// The body is sealed between the two ends (`protocol/seal`), or carries what they agree on keys with. The room
    /// relays it as any other.
    pub const SEALED: u8 = 128;
}

/// The common head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which stream.
    pub stream: Stream,
    /// See [`flags`].
    pub flags: u8,
    /// Who wrote the message; the room refuses a message whose sender is not its connection's participant.
    pub sender: ParticipantId,
    /// Counts messages of this sender on this stream.
    pub sequence: u32,
}

/// The further head of a screen message from the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreenHead {
    /// Number of the frame, counts up by one, wraps.
    pub frame: u32,
    /// When the frame was captured, microseconds on the agent's own monotonic clock.
    pub captured_us: u64,
}

/// Why a message's head was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Shorter than its head.
    #[error("the message ends before its head does")]
    Short,
    /// Longer than its stream's [`Stream::max_message`].
    #[error("the message is larger than its stream allows")]
    Long,
    /// Layout byte is not ours.
    #[error("the message has layout {0}, this program reads layout {LAYOUT}")]
    Layout(u8),
    /// [`flags::SEALED`] is set where a clear message must stand.
    #[error("the message is sealed, and was not opened")]
    Sealed,
    /// Unknown stream number.
    #[error("the message names stream {0}, which does not exist")]
    Stream(u8),
}

impl Head {
    /// Reads the head; the body starts at [`HEAD_LEN`].
    ///
    /// # Errors
    /// [`EnvelopeError`] for anything that is not a message of this layout.
    pub fn read(message: &[u8]) -> Result<Self, EnvelopeError> {
        if message.len() > MAX_ANY_MESSAGE {
            return Err(EnvelopeError::Long);
        }
        let Some(&[layout, stream, flags, sender, a, b, c, d]) = message.first_chunk::<HEAD_LEN>() else {
            return Err(EnvelopeError::Short);
        };
        if layout != LAYOUT {
            return Err(EnvelopeError::Layout(layout));
        }
        let stream = Stream::from_byte(stream).ok_or(EnvelopeError::Stream(stream))?;
        if message.len() > stream.max_message() {
            return Err(EnvelopeError::Long);
        }
        Ok(Self { stream, flags, sender, sequence: u32::from_be_bytes([a, b, c, d]) })
    }

    /// Reads the head of a message whose body is about to be read: it must be clear, from the start or since it was
    /// opened.
    ///
    /// # Errors
    /// [`EnvelopeError`] for anything that is not a clear message of this layout.
    pub fn read_clear(message: &[u8]) -> Result<Self, EnvelopeError> {
        let head = Self::read(message)?;
        if head.flags & flags::SEALED != 0 { Err(EnvelopeError::Sealed) } else { Ok(head) }
    }

    /// Appends the head.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[LAYOUT, self.stream as u8, self.flags, self.sender]);
        out.extend_from_slice(&self.sequence.to_be_bytes());
    }
}

impl ScreenHead {
    /// Reads the further head of a screen message from the agent; the body starts at [`SCREEN_HEAD_LEN`].
    ///
    /// # Errors
    /// [`EnvelopeError::Short`].
    pub fn read(message: &[u8]) -> Result<Self, EnvelopeError> {
        let rest = message.get(HEAD_LEN..).ok_or(EnvelopeError::Short)?;
        let (frame, rest) = rest.split_first_chunk::<4>().ok_or(EnvelopeError::Short)?;
        let captured = rest.first_chunk::<8>().ok_or(EnvelopeError::Short)?;
        Ok(Self { frame: u32::from_be_bytes(*frame), captured_us: u64::from_be_bytes(*captured) })
    }

    /// Appends the further head.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.frame.to_be_bytes());
        out.extend_from_slice(&self.captured_us.to_be_bytes());
    }
}

/// Writes whole messages of one sender, and counts them per stream.
#[derive(Clone, Debug)]
pub struct Writer {
    sender: ParticipantId,
    sequences: [u32; Stream::ALL.len()],
}

impl Writer {
    /// A writer that starts each stream at 0.
    #[must_use]
    pub const fn new(sender: ParticipantId) -> Self {
        Self { sender, sequences: [0; Stream::ALL.len()] }
    }

    /// Who writes.
    #[must_use]
    pub const fn sender(&self) -> ParticipantId {
        self.sender
    }

    /// A whole message with this content.
    pub fn message<T: serde::Serialize>(&mut self, stream: Stream, content: &T) -> Vec<u8> {
        let mut message = Vec::with_capacity(HEAD_LEN + 64);
        let sequence = &mut self.sequences[stream as usize];
        Head { stream, flags: 0, sender: self.sender, sequence: *sequence }.write(&mut message);
        *sequence = sequence.wrapping_add(1);
        crate::channel::encode(content, &mut message);
        message
    }

    /// The stream's next number, for [`crate::screen::cut`].
    pub fn sequence(&mut self, stream: Stream) -> &mut u32 {
        &mut self.sequences[stream as usize]
    }
}
