//! Sealing and opening messages of the media path.
//!
//! `head (8 bytes; from the agent 20 on the screen stream and 9 on those for one console) | epoch u16 | sealed text | tag`: the head stays clear, with
//! the flag SEALED set, and is authenticated together with the epoch. The counter is the head's sequence; what the text
//! says in front of its padding is the clear message's body.

use farhand_protocol::ParticipantId;
use farhand_protocol::envelope::{
    EnvelopeError, HEAD_LEN, Head, SCREEN_HEAD_LEN, Stream, TO_HEAD_LEN, flags,
};

use crate::aead::{Cipher, TAG};
use crate::keys::{Channel, Direction, Epoch, EpochSecret, Pair, StreamKey};
use crate::padding;
use crate::window::{Place, Window};

/// Bytes of the epoch behind the head.
pub const EPOCH: usize = 2;
/// Messages under one key, RFC 9001 section 6.6: then the agent must begin a new epoch.
pub const MAX_SEALED: u64 = 1 << 23;
/// From here on a new epoch is due.
pub const RENEW_AT: u64 = MAX_SEALED / 2;
/// Broken seals that one stream bears; then it opens nothing more (RFC 9001 allows 2^52 of messages as short as its).
pub const MAX_BROKEN: u64 = 1 << 20;

/// Why a message was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not a message of this stream and sender.
    #[error("the message is not of this stream and sender")]
    Foreign,
    /// The head cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The body is longer than [`padding::max_text`].
    #[error("the message is too long to be sealed")]
    Long,
    /// The message's sequence is not above that of the one before: its nonce could have been used.
    #[error("the message has a number that was used")]
    Number,
    /// [`MAX_SEALED`] messages were sealed with this key.
    #[error("the key has sealed as many messages as it may")]
    Spent,
}

/// Why a message was not opened. None of them can be brought about by chance except [`OpenError::Epoch`], which comes
/// when a message is faster than its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The head cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Not sealed at all.
    #[error("the message is not sealed")]
    Clear,
    /// Of another stream or sender than this opener's.
    #[error("the message is of another stream or sender")]
    Foreign,
    /// Sealed under a key that is not here (yet, or any more).
    #[error("the message is sealed under the keys of epoch {0}, which are not here")]
    Epoch(Epoch),
    /// Forged or changed on its way.
    #[error("the message was changed on its way, or is forged")]
    Broken,
    /// Genuine, but it came before and was long past.
    #[error("the message was sent again by somebody on its way")]
    Replayed,
    /// Genuine, but a later one of its ordered stream was here first.
    #[error("the messages were put in another order on their way")]
    Reordered,
    /// [`MAX_BROKEN`] broken seals came.
    #[error("too many broken seals came on this stream")]
    Spent,
}

impl OpenError {
    /// Whether somebody on the way must have had a hand in it, so that people should know. A message that was faster
    /// than its key, or came after its key had gone, is nobody's fault.
    #[must_use]
    pub const fn is_meddling(self) -> bool {
        match self {
            Self::Envelope(_)
            | Self::Clear
            | Self::Foreign
            | Self::Broken
            | Self::Replayed
            | Self::Reordered
            | Self::Spent => true,
            Self::Epoch(_) => false,
        }
    }
}

/// What [`Opener::open`] made of a genuine message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The clear message, head included, flag SEALED gone.
    Fresh {
        /// The message.
        message: Vec<u8>,
        /// Messages of the sender between the one before and this one, which did not come.
        skipped: u64,
    },
    /// The second copy of one that was opened. Nothing to do.
    Double,
}

/// A message that is still to be deciphered, or to be sealed, by another cipher: AES-256-GCM under the epoch's key, with
/// the nonce of the counter, what is in front of `start` as associated data, and the tag at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Whose key it has.
    pub epoch: Epoch,
    /// For [`StreamKey::nonce`].
    pub counter: u64,
    /// Where the sealed text begins.
    pub start: usize,
}

const fn head_len(stream: Stream, direction: Direction) -> usize {
    match (stream, direction) {
        (Stream::Screen, Direction::Down) => SCREEN_HEAD_LEN,
        (Stream::Screen, Direction::Up)
        | (
            Stream::Control | Stream::Input | Stream::Pointer | Stream::Chat,
            Direction::Up | Direction::Down,
        )
        | (Stream::Clipboard | Stream::Files | Stream::Diagnostics, Direction::Up) => HEAD_LEN,
        (Stream::Clipboard | Stream::Files | Stream::Diagnostics, Direction::Down) => TO_HEAD_LEN,
    }
}

/// Reads a head whose SEALED flag may be set; says whether it was.
fn read_head(message: &[u8]) -> Result<(Head, bool), EnvelopeError> {
    let mut head = *message.first_chunk::<HEAD_LEN>().ok_or(EnvelopeError::Short)?;
    let sealed = head[2] & flags::SEALED != 0;
    head[2] &= !flags::SEALED;
    let head = Head::read(&head)?;
    if message.len() > head.stream.max_message() {
        return Err(EnvelopeError::Long);
    }
    Ok((head, sealed))
}

/// Whether a message says that it is sealed.
#[must_use]
pub fn is_sealed(message: &[u8]) -> bool {
    message.get(2).is_some_and(|bits| bits & flags::SEALED != 0)
}

/// Seals the messages of one sender on one stream.
#[derive(Debug)]
pub struct Sealer {
    stream: Stream,
    direction: Direction,
    sender: ParticipantId,
    epoch: Epoch,
    cipher: Cipher,
    /// Messages under this key.
    sealed: u64,
    /// One more than the last sequence, over all keys.
    next: u64,
}

impl Sealer {
    /// What a console sends to the agent on a stream.
    #[must_use]
    pub fn up(pair: &Pair, epoch: Epoch, stream: Stream) -> Self {
        Self::new(stream, Direction::Up, pair.console(), epoch, pair.up(epoch, stream.into()))
    }

    /// What the agent sends to the consoles on a stream.
    #[must_use]
    pub fn down(secret: &EpochSecret, agent: ParticipantId, stream: Stream) -> Self {
        let key = secret.down(agent, Channel::from(stream));
        Self::new(stream, Direction::Down, agent, secret.epoch(), key)
    }

    fn new(
        stream: Stream,
        direction: Direction,
        sender: ParticipantId,
        epoch: Epoch,
        key: StreamKey,
    ) -> Self {
        Self { stream, direction, sender, epoch, cipher: Cipher::new(key), sealed: 0, next: 0 }
    }

    /// Goes on under the keys of a newer epoch; the messages' numbers go on. Nothing happens when it is not newer.
    pub fn renew(&mut self, epoch: Epoch, key: StreamKey) {
        if epoch > self.epoch {
            (self.epoch, self.cipher, self.sealed) = (epoch, Cipher::new(key), 0);
        }
    }

    /// Which epoch's key seals.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether the agent should begin a new epoch.
    #[must_use]
    pub const fn renewal_due(&self) -> bool {
        self.sealed >= RENEW_AT
    }

    /// Seals a whole clear message, head included.
    ///
    /// # Errors
    /// [`SealError`]; nothing was sealed then.
    pub fn seal(&mut self, message: &[u8]) -> Result<Vec<u8>, SealError> {
        let Prepared { counter, start, .. } = self.next(message)?;
        let mut out = self.padded(message, start)?;
        let (clear, text) = out.split_at_mut(start);
        let tag = self.cipher.seal(counter, clear, text);
        out.extend_from_slice(&tag);
        self.used(counter);
        Ok(out)
    }

    /// A whole clear message, made ready to be sealed by another cipher: it has its number from now on. What comes back
    /// lies in front of the tag, sealed from `start` on, and is sent in this order.
    ///
    /// # Errors
    /// [`SealError`]; nothing is to be sealed then.
    pub fn prepare(&mut self, message: &[u8]) -> Result<(Prepared, Vec<u8>), SealError> {
        let prepared = self.next(message)?;
        let out = self.padded(message, prepared.start)?;
        self.used(prepared.counter);
        Ok((prepared, out))
    }

    /// The key, for another cipher.
    #[must_use]
    pub const fn key(&self) -> &StreamKey {
        self.cipher.key()
    }

    fn next(&self, message: &[u8]) -> Result<Prepared, SealError> {
        let (head, sealed) = read_head(message)?;
        let head_len = head_len(self.stream, self.direction);
        if sealed || head.stream != self.stream || head.sender != self.sender || message.len() < head_len {
            return Err(SealError::Foreign);
        }
        let counter = u64::from(head.sequence);
        if counter < self.next {
            return Err(SealError::Number);
        }
        if self.sealed >= MAX_SEALED {
            return Err(SealError::Spent);
        }
        Ok(Prepared { epoch: self.epoch, counter, start: head_len + EPOCH })
    }

    /// Head, epoch and padded text, with room for the tag.
    fn padded(&self, message: &[u8], start: usize) -> Result<Vec<u8>, SealError> {
        let head_len = start - EPOCH;
        let sizes = padding::sizes(self.stream, self.direction);
        let size = padding::padded(message.len() - head_len, sizes).ok_or(SealError::Long)?;
        let mut out = Vec::with_capacity(start + size + TAG);
        out.extend_from_slice(&message[..head_len]);
        out[2] |= flags::SEALED;
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&message[head_len..]);
        padding::pad(&mut out, start, sizes).ok_or(SealError::Long)?;
        Ok(out)
    }

    const fn used(&mut self, counter: u64) {
        (self.next, self.sealed) = (counter + 1, self.sealed + 1);
    }
}

/// Epochs whose messages an opener still takes. What the agent sends under an older one could be forged by a console
/// that left; a console's keys are its own, and it goes on under the old ones until it has heard of the new.
const fn kept(direction: Direction) -> usize {
    match direction {
        Direction::Up => 4,
        Direction::Down => 2,
    }
}

/// Opens the messages of one sender on one stream: each once, and on an ordered stream in their order.
#[derive(Debug)]
pub struct Opener {
    stream: Stream,
    direction: Direction,
    sender: ParticipantId,
    /// The newest epochs' keys, as many as [`kept`], which messages on their way may still have.
    keys: Vec<(Epoch, Cipher)>,
    /// On an ordered stream nothing older than this is taken any more.
    reached: Epoch,
    window: Window,
    broken: u64,
}

impl Opener {
    /// For what a console sends to the agent on a stream. It opens nothing before [`Opener::renew`].
    #[must_use]
    pub const fn up(console: ParticipantId, stream: Stream) -> Self {
        Self::new(stream, Direction::Up, console)
    }

    /// For what the agent sends on a stream. It opens nothing before [`Opener::renew`].
    #[must_use]
    pub const fn down(agent: ParticipantId, stream: Stream) -> Self {
        Self::new(stream, Direction::Down, agent)
    }

    const fn new(stream: Stream, direction: Direction, sender: ParticipantId) -> Self {
        Self { stream, direction, sender, keys: Vec::new(), reached: 0, window: Window::new(), broken: 0 }
    }

    /// Opens messages of a newer epoch too; those before it stay for a while. Nothing happens when it is not newer.
    pub fn renew(&mut self, epoch: Epoch, key: StreamKey) {
        if self.keys.last().is_none_or(|(newest, _)| epoch > *newest) {
            if self.keys.len() == kept(self.direction) {
                self.keys.remove(0);
            }
            self.keys.push((epoch, Cipher::new(key)));
        }
    }

    /// Broken seals so far.
    #[must_use]
    pub const fn broken(&self) -> u64 {
        self.broken
    }

    /// Opens a whole message.
    ///
    /// # Errors
    /// [`OpenError`]; the message must not be acted upon.
    pub fn open(&mut self, message: &[u8]) -> Result<Opened, OpenError> {
        // Genuine or not is asked first: nobody learns from the answer to a forgery which numbers were taken.
        let prepared = self.prepare(message)?;
        let mut sealed = message[prepared.start..].to_vec();
        let cipher = self.cipher(prepared.epoch).ok_or(OpenError::Epoch(prepared.epoch))?;
        let text = cipher.open(prepared.counter, &message[..prepared.start], &mut sealed).ok();
        let text = text.as_deref();
        self.settle(prepared, message, text)
    }

    /// What another cipher than this crate's needs to decipher a message, and [`Opener::finish`] makes of it what
    /// [`Opener::open`] would. Nothing changes.
    ///
    /// # Errors
    /// [`OpenError`]; the message must not be acted upon.
    pub fn prepare(&self, message: &[u8]) -> Result<Prepared, OpenError> {
        let (head, sealed) = read_head(message)?;
        if !sealed {
            return Err(OpenError::Clear);
        }
        if head.stream != self.stream || head.sender != self.sender {
            return Err(OpenError::Foreign);
        }
        if self.broken >= MAX_BROKEN {
            return Err(OpenError::Spent);
        }
        let head_len = head_len(self.stream, self.direction);
        let start = head_len + EPOCH;
        let Some(&epoch) = message.get(head_len..).and_then(|rest| rest.first_chunk::<EPOCH>()) else {
            return Err(EnvelopeError::Short.into());
        };
        let epoch = Epoch::from_be_bytes(epoch);
        self.cipher(epoch).map_or(Err(OpenError::Epoch(epoch)), |_| {
            Ok(Prepared { epoch, counter: u64::from(head.sequence), start })
        })
    }

    /// The key of an epoch, for another cipher; nothing when it is not here.
    #[must_use]
    pub fn key(&self, epoch: Epoch) -> Option<&StreamKey> {
        self.cipher(epoch).map(Cipher::key)
    }

    /// A message that [`Opener::prepare`] was asked about was deciphered elsewhere: its text with its padding, or nothing
    /// when it was not genuine. Messages must come in the order in which they were prepared.
    ///
    /// # Errors
    /// [`OpenError`]; the message must not be acted upon.
    pub fn finish(&mut self, message: &[u8], text: Option<&[u8]>) -> Result<Opened, OpenError> {
        let prepared = self.prepare(message)?;
        // A text of another length is not this message's.
        let fits = |text: &&[u8]| text.len() + prepared.start + TAG == message.len();
        self.settle(prepared, message, text.filter(fits))
    }

    fn cipher(&self, epoch: Epoch) -> Option<&Cipher> {
        self.keys.iter().find(|(known, _)| *known == epoch).map(|(_, cipher)| cipher)
    }

    fn settle(
        &mut self,
        Prepared { epoch, counter, start }: Prepared,
        message: &[u8],
        text: Option<&[u8]>,
    ) -> Result<Opened, OpenError> {
        let sizes = padding::sizes(self.stream, self.direction);
        let Some(text) = text.and_then(|text| text.get(..padding::unpadded(text, sizes)?)) else {
            self.broken += 1;
            return Err(OpenError::Broken);
        };
        let place = self.window.place(counter);
        let skipped = match (place, self.ordered()) {
            (Place::Taken, _) => return Ok(Opened::Double),
            (Place::Old, _) => return Err(OpenError::Replayed),
            (Place::Between, true) => return Err(OpenError::Reordered),
            (Place::Newer { .. }, true) if epoch < self.reached => return Err(OpenError::Reordered),
            (Place::Between, false) => 0,
            // Whoever comes later has missed nothing.
            (Place::Newer { .. }, _) if self.window.is_empty() => 0,
            (Place::Newer { skipped }, _) => skipped,
        };
        self.window.take(counter);
        self.reached = self.reached.max(epoch);
        let mut out = Vec::with_capacity(start + text.len());
        out.extend_from_slice(&message[..start - EPOCH]);
        out.extend_from_slice(text);
        out[2] &= !flags::SEALED;
        Ok(Opened::Fresh { message: out, skipped })
    }

    const fn ordered(&self) -> bool {
        match self.stream {
            Stream::Control
            | Stream::Input
            | Stream::Screen
            | Stream::Chat
            | Stream::Clipboard
            | Stream::Files
            | Stream::Diagnostics => true,
            Stream::Pointer => false,
        }
    }
}
