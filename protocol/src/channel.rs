//! Session messages: what the two ends say to one another through the room, as MessagePack maps in the body of an
//! [`crate::envelope`] message. The service relays them unread.

pub mod at_end;
pub mod chat;
pub mod clipboard;
pub mod diagnostics;
pub mod files;
pub mod monitors;
pub mod pointing;
pub mod restart;
pub mod together;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::consent::ConsentSnapshot;
use crate::envelope::MAX_MESSAGE;
use crate::keys::Usage;
use crate::rights::Rights;

use self::at_end::ScreenLock;
use self::monitors::{Choice, Monitors};
use self::restart::Restart;

use self::together::{Together, Wish};

/// The longest text in [`Input::Text`], in bytes.
pub const MAX_TEXT: usize = 4096;
/// The longest letter in [`Input::Letter`], in bytes: one character.
pub const MAX_LETTER: usize = 4;
/// The longest text of a [`Notice`], in bytes.
pub const MAX_NOTICE: usize = 1024;
/// The largest cursor, in pixels a side.
pub const MAX_CURSOR: u16 = 128;
/// The most pixels of a cursor in bytes: a larger one is made smaller by [`Cursor::fitted`].
pub const MAX_CURSOR_BYTES: usize = 64 * 64 * 4;
/// The largest part of a receipt in one message, in bytes.
pub const MAX_RECEIPT_PART: usize = 12 * 1024;
/// The length of a console's answer to it, in bytes.
pub const RECEIPT_SIGNED: usize = 66;
/// How deep MessagePack may nest.
const MAX_DEPTH: usize = 16;

/// Messages of [`crate::envelope::Stream::Control`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Control {
    /// Console → agent: asks for rights. Never grants anything by itself.
    Ask {
        /// All rights that the technician would like to have.
        rights: Rights,
    },
    /// Console → agent: gives rights back.
    GiveUp {
        /// Rights given up. Control is given up alone, although its set contains the view that it implies; giving up
        /// the view gives up both.
        rights: Rights,
    },
    /// Console → agent: the technician ends the session.
    End,
    /// Agent → consoles: where consent stands. Whole, with a revision.
    Consent {
        /// The snapshot.
        snapshot: ConsentSnapshot,
    },
    /// Agent → consoles: the shape of the customer's pointer.
    Cursor {
        /// The shape.
        cursor: Cursor,
    },
    /// Agent → consoles: where the customer's pointer is, sent when it moved by other hands than the viewer's.
    CursorAt {
        /// Pixels from the left of the shared screen.
        x: i32,
        /// Pixels from the top of the shared screen.
        y: i32,
    },
    /// Agent → consoles: something on the customer's machine that the technician must know.
    Notice {
        /// What happened.
        notice: Notice,
    },
    /// Agent → consoles: monitors, what is shared of them and what the picture shows.
    Monitors {
        /// All of it.
        monitors: Monitors,
    },
    /// Console → agent: which monitors the technician would like to see, within what the customer shares.
    ShowMonitor {
        /// Which.
        choice: Choice,
    },
    /// Agent → consoles: a part of the consent receipt; see `farhand_seal::receipt`.
    Receipt {
        /// At most [`MAX_RECEIPT_PART`] bytes.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        part: Vec<u8>,
    },
    /// Console → agent: signed as far as this console goes along.
    ReceiptSigned {
        /// [`RECEIPT_SIGNED`] bytes.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        signed: Vec<u8>,
    },
    /// Either way: of a session with several technicians.
    Together {
        /// What.
        message: Together,
    },
    /// Console → agent: what the technician would like, which takes no right.
    Wish {
        /// What.
        wish: Wish,
    },
    /// Agent → consoles: whether the customer's screen is locked when the session is over.
    ScreenLock {
        /// All of it.
        lock: ScreenLock,
    },
    /// Agent → consoles: where restarting the customer's computer stands.
    Restart {
        /// All of it.
        restart: Restart,
    },
    /// Either way: measures the round trip end to end.
    Ping {
        /// Returned unchanged.
        nonce: u64,
    },
    /// The answer to a ping.
    Pong {
        /// The ping's.
        nonce: u64,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// The shape of the customer's pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Cursor {
    /// Pixels, at most [`MAX_CURSOR`]. 0 when the pointer is hidden.
    pub width: u16,
    /// Pixels, at most [`MAX_CURSOR`].
    pub height: u16,
    /// The point that points, from the left.
    pub hot_x: u16,
    /// The point that points, from the top.
    pub hot_y: u16,
    /// RGBA, straight alpha, rows from the top, `width * height * 4` bytes.
    #[serde(with = "crate::channel::bytes_field")]
    #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
    pub rgba: Vec<u8>,
}

/// What [`Control::Notice`] tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// The screen cannot be captured; the sentence says why, for people.
    CaptureFailed {
        /// For people.
        text: String,
    },
    /// Keys or pointer cannot be passed on; the sentence says why, for people.
    InputFailed {
        /// For people.
        text: String,
    },
    /// A newer version's notice; ignored.
    #[serde(other)]
    Unknown,
}

/// Messages of [`crate::envelope::Stream::Input`], console → agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Input {
    /// A physical key went down or up.
    Key {
        /// USB HID usage of the key (page 7), by position and not by letter.
        usage: Usage,
        /// Down or up.
        down: bool,
    },
    /// A pointer button went down or up, at a place.
    Button {
        /// Which.
        button: Button,
        /// Down or up.
        down: bool,
        /// Pixels from the left of the shared screen.
        x: i32,
        /// Pixels from the top of the shared screen.
        y: i32,
    },
    /// The wheel turned. 120 is one notch, as on Windows; positive is up and right.
    Wheel {
        /// Horizontal.
        dx: i32,
        /// Vertical.
        dy: i32,
        /// Pixels from the left of the shared screen.
        x: i32,
        /// Pixels from the top of the shared screen.
        y: i32,
    },
    /// Text to type as it stands (paste, layouts that cannot be mapped). At most [`MAX_TEXT`] bytes.
    Text {
        /// The text.
        text: String,
    },
    /// One character by whichever key makes it, pressed and let go together with the Ctrl, Alt and Meta that are held:
    /// shortcuts by letter, where the two sides' layouts differ.
    Letter {
        /// One character, at most [`MAX_LETTER`] bytes.
        letter: String,
    },
    /// What is left of the texts that this viewer sent is not typed any more.
    StopText,
    /// A pointer button goes down or up wherever the pointer is.
    ButtonHere {
        /// Which.
        button: Button,
        /// Down or up.
        down: bool,
    },
    /// The wheel turns wherever the pointer is; units as in [`Input::Wheel`].
    WheelHere {
        /// Horizontal.
        dx: i32,
        /// Vertical.
        dy: i32,
    },
    /// The pointer moves by this from where it is: for programs that take the pointer for themselves.
    PointerBy {
        /// Pixels to the right.
        dx: i32,
        /// Pixels down.
        dy: i32,
    },
    /// The viewer lost focus: every key and button that it holds is released.
    ReleaseAll,
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// A pointer button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// The first button.
    Left,
    /// The wheel's button.
    Middle,
    /// The context menu's.
    Right,
    /// The fourth.
    Back,
    /// The fifth.
    Forward,
    /// A newer version's button; ignored.
    #[serde(other)]
    Unknown,
}

/// The message of [`crate::envelope::Stream::Pointer`], console → agent: where the technician's pointer is. Only the
/// newest counts; the order is the envelope's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Pointer {
    /// Pixels from the left of the shared screen.
    pub x: i32,
    /// Pixels from the top of the shared screen.
    pub y: i32,
}

/// Messages of [`crate::envelope::Stream::Screen`], viewer → agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ScreenFeedback {
    /// Every frame up to this one is drawn. Cumulative; repeated while frames are outstanding, so that a lost one
    /// cannot stop the stream.
    Drawn {
        /// Number of the newest drawn frame.
        frame: u32,
        /// Time from the frame's last piece to its drawing, microseconds.
        draw_us: u32,
    },
    /// The viewer cannot go on without a whole frame (new, a gap, a decoder's error).
    Reset,
    /// The decoder of the video codec named cannot be had here; the agent uses another or none.
    CodecRefused {
        /// Number of the codec, see [`crate::screen`].
        codec: u8,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// Why a channel message was refused.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Not MessagePack of the expected shape.
    #[error("the message cannot be read: {0}")]
    Malformed(#[from] rmp_serde::decode::Error),
    /// Something follows the message.
    #[error("{0} bytes follow the message")]
    Trailing(u64),
    /// Read, but a size is over its limit.
    #[error("the message has a {what} over its limit")]
    Limit {
        /// What was too large.
        what: &'static str,
    },
}

/// Appends a message's body: MessagePack, structures as maps by field name.
pub fn encode<T: Serialize>(message: &T, out: &mut Vec<u8>) {
    rmp_serde::encode::write_named(out, message)
        .expect("a Vec takes every byte, and no type here has a map with strange keys");
}

pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, ChannelError> {
    decode_within(body, MAX_MESSAGE)
}

/// The same for a stream whose messages may be longer.
fn decode_within<T: DeserializeOwned>(body: &[u8], longest: usize) -> Result<T, ChannelError> {
    if body.len() > longest {
        return Err(ChannelError::Limit { what: "length" });
    }
    let mut reader = rmp_serde::Deserializer::new(std::io::Cursor::new(body));
    reader.set_max_depth(MAX_DEPTH);
    let message = T::deserialize(&mut reader)?;
    match body.len() as u64 - reader.position() {
        0 => Ok(message),
        rest => Err(ChannelError::Trailing(rest)),
    }
}

const fn limit(what: &'static str, fits: bool) -> Result<(), ChannelError> {
    if fits { Ok(()) } else { Err(ChannelError::Limit { what }) }
}

impl Control {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message within its limits.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        let message: Self = decode(body)?;
        match &message {
            Self::Cursor { cursor } => cursor.check()?,
            Self::Notice { notice } => match notice {
                Notice::CaptureFailed { text } | Notice::InputFailed { text } => {
                    limit("text", text.len() <= MAX_NOTICE)?;
                }
                Notice::Unknown => {}
            },
            Self::Monitors { monitors } => monitors.check()?,
            Self::Receipt { part } => limit("part", part.len() <= MAX_RECEIPT_PART)?,
            Self::ReceiptSigned { signed } => limit("answer", signed.len() == RECEIPT_SIGNED)?,
            Self::Together { message } => message.check()?,
            Self::Wish { .. }
            | Self::ScreenLock { .. }
            | Self::Restart { .. }
            | Self::Ask { .. }
            | Self::GiveUp { .. }
            | Self::End
            | Self::Consent { .. }
            | Self::CursorAt { .. }
            | Self::ShowMonitor { .. }
            | Self::Ping { .. }
            | Self::Pong { .. }
            | Self::Unknown => {}
        }
        Ok(message)
    }
}

impl Input {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message within its limits.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        let message: Self = decode(body)?;
        match &message {
            Self::Text { text } => limit("text", text.len() <= MAX_TEXT)?,
            Self::Letter { letter } => limit("letter", letter.len() <= MAX_LETTER)?,
            Self::Key { .. }
            | Self::Button { .. }
            | Self::Wheel { .. }
            | Self::StopText
            | Self::ButtonHere { .. }
            | Self::WheelHere { .. }
            | Self::PointerBy { .. }
            | Self::ReleaseAll
            | Self::Unknown => {}
        }
        Ok(message)
    }
}

impl Pointer {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        decode(body)
    }
}

impl ScreenFeedback {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        decode(body)
    }
}

impl Cursor {
    /// A pointer that is not shown.
    #[must_use]
    pub const fn hidden() -> Self {
        Self { width: 0, height: 0, hot_x: 0, hot_y: 0, rgba: Vec::new() }
    }

    /// A cursor that fits into a message: a larger one is halved until it does. `None` when `rgba` is not
    /// `width * height * 4` bytes.
    #[must_use]
    pub fn fitted(width: u32, height: u32, hot_x: u32, hot_y: u32, rgba: &[u8]) -> Option<Self> {
        let length = u128::from(width) * u128::from(height) * 4;
        if length != rgba.len() as u128 {
            return None;
        }
        let mut step = 1;
        let side = u32::from(MAX_CURSOR);
        while width / step > side
            || height / step > side
            || (width / step) as usize * (height / step) as usize * 4 > MAX_CURSOR_BYTES
        {
            step *= 2;
        }
        let (small_width, small_height) = (width / step, height / step);
        let mut small = Vec::with_capacity(small_width as usize * small_height as usize * 4);
        for y in 0..small_height {
            for x in 0..small_width {
                let at = ((y * step) as usize * width as usize + (x * step) as usize) * 4;
                small.extend_from_slice(&rgba[at..at + 4]);
            }
        }
        let narrow = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let cursor = Self {
            width: narrow(small_width),
            height: narrow(small_height),
            hot_x: narrow((hot_x / step).min(small_width.saturating_sub(1))),
            hot_y: narrow((hot_y / step).min(small_height.saturating_sub(1))),
            rgba: small,
        };
        Some(if cursor.rgba.is_empty() { Self::hidden() } else { cursor })
    }

    fn check(&self) -> Result<(), ChannelError> {
        let pixels = usize::from(self.width) * usize::from(self.height);
        limit("cursor", self.width <= MAX_CURSOR && self.height <= MAX_CURSOR)?;
        limit("cursor", self.rgba.len() == pixels * 4 && self.rgba.len() <= MAX_CURSOR_BYTES)
    }
}

/// Bytes as MessagePack `bin`.
pub mod bytes_field {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the bytes.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// The deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        bytes::Bytes::deserialize(deserializer).map(Vec::from)
    }
}
