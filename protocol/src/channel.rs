//! Session messages: what the two ends say to one another through the room, as MessagePack maps in the body of an
//! [`crate::envelope`] message. The service relays them unread.

use serde::{Deserialize, Serialize};

use crate::consent::ConsentSnapshot;
use crate::keys::Usage;
use crate::rights::Rights;

/// The longest text in [`Input::Text`], in bytes.
pub const MAX_TEXT: usize = 4096;
/// The largest cursor, in pixels a side.
pub const MAX_CURSOR: u16 = 128;

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
        /// Rights given up.
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
    /// Read, but a size is over its limit.
    #[error("the message has a {what} over its limit")]
    Limit {
        /// What was too large.
        what: &'static str,
    },
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
