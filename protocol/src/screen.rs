//! The screen stream: cutting a frame's payload into messages and putting it together again; numbers of video codecs.
//! What is inside the payload is `farhand-screen`'s (media/screen), the same code at the agent and in the viewer.

use crate::ParticipantId;
use crate::envelope::{EnvelopeError, Head, SCREEN_HEAD_LEN, ScreenHead, Stream, flags};

/// The most bytes of a frame's payload in one message, so that input and control never wait behind a large one.
pub const PIECE: usize = 16 * 1024;
/// A gap is said again after this time on the agent's clock, for the reset asked for may have been cut on its way.
pub const GAP_AGAIN_US: u64 = 500_000;
/// The largest payload of a frame that a viewer puts together.
pub const MAX_FRAME: usize = 64 * 1024 * 1024;

/// A video codec that a region of the screen may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum CodecId {
    /// H.264, Annex B.
    H264 = 1,
    /// AV1, low-overhead OBU stream.
    Av1 = 2,
}

impl CodecId {
    /// The codec with this number.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::H264),
            2 => Some(Self::Av1),
            _ => None,
        }
    }
}

/// What is said of a frame beside its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameMeta {
    /// Number of the frame, counts up by one, wraps.
    pub frame: u32,
    /// When it was captured, microseconds on the agent's own monotonic clock.
    pub captured_us: u64,
    /// It needs no earlier frame.
    pub reset: bool,
    /// After it nothing lossy is on the screen.
    pub exact: bool,
}

/// Cuts a frame's payload into whole messages, heads included. `sequence` is the next number of this sender on the
/// screen stream, and counts on with every message taken from the iterator.
pub fn cut<'a>(
    payload: &'a [u8],
    meta: FrameMeta,
    sender: ParticipantId,
    sequence: &'a mut u32,
) -> impl Iterator<Item = Vec<u8>> + 'a {
    let pieces = payload.len().div_ceil(PIECE).max(1);
    (0..pieces).map(move |at| {
        let start = at * PIECE;
        let body = &payload[start..payload.len().min(start + PIECE)];
        let mut bits = 0;
        for (set, bit) in [
            (at == 0, flags::FIRST),
            (at + 1 == pieces, flags::LAST),
            (meta.reset, flags::RESET),
            (meta.exact, flags::EXACT),
        ] {
            bits |= if set { bit } else { 0 };
        }
        let mut message = Vec::with_capacity(SCREEN_HEAD_LEN + body.len());
        Head { stream: Stream::Screen, flags: bits, sender, sequence: *sequence }.write(&mut message);
        ScreenHead { frame: meta.frame, captured_us: meta.captured_us }.write(&mut message);
        message.extend_from_slice(body);
        *sequence = sequence.wrapping_add(1);
        message
    })
}

/// What [`Assembler::push`] made of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed<'a> {
    /// Taken; the frame is not whole yet.
    More,
    /// The frame is whole.
    Frame(FrameMeta, &'a [u8]),
    /// Something is missing: the viewer asks for [`crate::channel::ScreenFeedback::Reset`]. Until the reset comes
    /// every other message is [`Pushed::Dropped`], and the gap is said again each [`GAP_AGAIN_US`].
    Gap,
    /// Of no use: older than what was seen, or waiting for a reset.
    Dropped,
}

/// Why a screen message was refused. The sender breaks the protocol; the assembler then waits for a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// The head cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A message of another stream.
    #[error("the message is not of the screen stream")]
    Stream,
    /// A frame starts within another, goes on without a start, or changes its number midway.
    #[error("the pieces of a frame do not fit together")]
    Disorder,
    /// The frame is larger than the assembler's limit.
    #[error("the frame is larger than {0} bytes")]
    TooLarge(usize),
}

/// Puts a sender's frames together, one at a time, in bounded memory.
#[derive(Debug)]
pub struct Assembler {
    limit: usize,
    state: Assembly,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assembly {
    /// Nothing is of use before the first piece of a reset. It was asked for at this time of the agent's clock; a
    /// viewer asks of itself when it starts, and learns the time with the first message.
    NeedReset { asked_us: Option<u64> },
    /// The message with this sequence starts the next frame, with this number.
    Between { sequence: u32, frame: u32 },
    /// Within a frame; the message with this sequence goes on.
    Within { sequence: u32, meta: FrameMeta },
}

impl Default for Assembler {
    fn default() -> Self {
        Self::new()
    }
}

impl Assembler {
    /// An assembler that waits for a reset, with the limit [`MAX_FRAME`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(MAX_FRAME)
    }

    /// An assembler with a limit of its own on a frame's payload, in bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, state: Assembly::NeedReset { asked_us: None }, payload: Vec::new() }
    }

    /// Bytes that the assembler holds memory for.
    #[must_use]
    pub fn held(&self) -> usize {
        self.payload.capacity()
    }

    /// Takes one screen message from the agent, head included.
    ///
    /// # Errors
    /// [`AssembleError`] when the sender breaks the protocol.
    pub fn push(&mut self, message: &[u8]) -> Result<Pushed<'_>, AssembleError> {
        let head = Head::read_clear(message)?;
        if head.stream != Stream::Screen {
            return Err(AssembleError::Stream);
        }
        let screen = ScreenHead::read(message)?;
        let body = &message[SCREEN_HEAD_LEN..];
        let has = |flag| head.flags & flag != 0;
        let meta = FrameMeta {
            frame: screen.frame,
            captured_us: screen.captured_us,
            reset: has(flags::RESET),
            exact: has(flags::EXACT),
        };
        let (first, last) = (has(flags::FIRST), has(flags::LAST));
        if first && meta.reset {
            return self.begin(head.sequence, meta, body, last);
        }
        match self.state {
            Assembly::NeedReset { asked_us } => {
                let since = asked_us.map(|asked| meta.captured_us.saturating_sub(asked));
                let again = since.is_some_and(|since| since >= GAP_AGAIN_US);
                if again || asked_us.is_none() {
                    self.state = Assembly::NeedReset { asked_us: Some(meta.captured_us) };
                }
                Ok(if again { Pushed::Gap } else { Pushed::Dropped })
            }
            Assembly::Between { sequence, frame } => match self.arrival(head.sequence, sequence) {
                Arrival::Old => Ok(Pushed::Dropped),
                Arrival::Missing => Ok(self.gap(meta.captured_us)),
                Arrival::Next if first && meta.frame == frame => self.begin(head.sequence, meta, body, last),
                Arrival::Next => Err(self.broken(AssembleError::Disorder)),
            },
            Assembly::Within { sequence, meta: begun } => match self.arrival(head.sequence, sequence) {
                Arrival::Old => Ok(Pushed::Dropped),
                Arrival::Missing => Ok(self.gap(meta.captured_us)),
                Arrival::Next if !first && meta == begun => self.go_on(head.sequence, meta, body, last),
                Arrival::Next => Err(self.broken(AssembleError::Disorder)),
            },
        }
    }

    fn arrival(&self, sequence: u32, expected: u32) -> Arrival {
        match sequence.wrapping_sub(expected) {
            0 => Arrival::Next,
            ahead if ahead < 1 << 31 => Arrival::Missing,
            _ => Arrival::Old,
        }
    }

    fn begin(
        &mut self,
        sequence: u32,
        meta: FrameMeta,
        body: &[u8],
        last: bool,
    ) -> Result<Pushed<'_>, AssembleError> {
        self.payload.clear();
        self.go_on(sequence, meta, body, last)
    }

    fn go_on(
        &mut self,
        sequence: u32,
        meta: FrameMeta,
        body: &[u8],
        last: bool,
    ) -> Result<Pushed<'_>, AssembleError> {
        if self.payload.len() + body.len() > self.limit {
            return Err(self.broken(AssembleError::TooLarge(self.limit)));
        }
        self.payload.extend_from_slice(body);
        let sequence = sequence.wrapping_add(1);
        if last {
            self.state = Assembly::Between { sequence, frame: meta.frame.wrapping_add(1) };
            Ok(Pushed::Frame(meta, &self.payload))
        } else {
            self.state = Assembly::Within { sequence, meta };
            Ok(Pushed::More)
        }
    }

    fn gap(&mut self, now_us: u64) -> Pushed<'static> {
        self.state = Assembly::NeedReset { asked_us: Some(now_us) };
        self.payload = Vec::new();
        Pushed::Gap
    }

    fn broken(&mut self, why: AssembleError) -> AssembleError {
        self.state = Assembly::NeedReset { asked_us: None };
        self.payload = Vec::new();
        why
    }
}

enum Arrival {
    Old,
    Next,
    Missing,
}
