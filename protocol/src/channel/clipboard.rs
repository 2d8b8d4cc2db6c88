//! The clipboard's stream: what lies on one side's clipboard goes to the other's, when its person says so.
//!
//! Content has several formats of the same thing. It is offered with the size of each, and travels when the receiver
//! has granted bytes for it, cut into pieces: `offer`, then `credit` and `piece` in turn, then `taken`. The pieces are
//! the parts one after the other, in the order in which the offer names them. Each side numbers its own transfers; the
//! same number means another transfer in the other direction, so each message of a transfer belongs to one direction
//! only: `piece` and `dropped` come from the side that offered, `credit`, `taken` and `refused` from the other.
//!
//! Nothing of this widens what is allowed: the agent asks its gate for the right `clipboard` before each step.

use serde::{Deserialize, Serialize};

use super::{ChannelError, decode, limit};

/// The largest content, all formats together, in bytes.
pub const MAX_CONTENT: u32 = 8 * 1024 * 1024;
/// The longest text, in bytes of UTF-8.
pub const MAX_CLIPBOARD_TEXT: u32 = 1024 * 1024;
/// The longest HTML, in bytes of UTF-8.
pub const MAX_CLIPBOARD_HTML: u32 = 2 * 1024 * 1024;
/// The largest image, as a PNG file, in bytes.
pub const MAX_CLIPBOARD_IMAGE: u32 = 8 * 1024 * 1024;
/// The most pixels of an image: a small file may unfold to a large picture.
pub const MAX_CLIPBOARD_PIXELS: u64 = 64 * 1024 * 1024;
/// The most files whose names are told.
pub const MAX_CLIPBOARD_FILES: usize = 32;
/// The longest name of a file that is told, in bytes.
pub const MAX_CLIPBOARD_FILE_NAME: usize = 255;
/// The most bytes of content in one message.
pub const CLIPBOARD_PIECE: usize = 15 * 1024;
/// The most bytes that a receiver lets be on their way to it.
pub const CLIPBOARD_WINDOW: u32 = 512 * 1024;

/// What a PNG file begins with.
const PNG: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];

/// Messages of [`crate::envelope::Stream::Clipboard`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Clipboard {
    /// Console → agent: whether what the customer copies is wanted without asking for it each time.
    Watch {
        /// From now on.
        watch: Watch,
    },
    /// Console → agent: what lies on the customer's clipboard is wanted now. Answered by an offer or by `nothing`.
    Fetch {
        /// Returned in the answer; not 0.
        request: u32,
    },
    /// Agent → console: there is nothing to offer.
    Nothing {
        /// The fetch's, 0 where the console watches.
        request: u32,
        /// Why.
        why: ClipboardWhy,
    },
    /// Either way: this content can be had.
    Offer {
        /// Number of the transfer, by the side that offers.
        transfer: u32,
        /// Of the fetch that it answers, else 0.
        #[serde(default)]
        request: u32,
        /// The formats and their sizes. Each format once.
        parts: Vec<ClipboardPart>,
        /// Names of copied files, without their folders. The files themselves are not part of the content.
        #[serde(default)]
        files: Vec<String>,
        /// Further files whose names are not told.
        #[serde(default)]
        more_files: u32,
    },
    /// Receiver → sender: so many more bytes may be sent.
    Credit {
        /// The offer's.
        transfer: u32,
        /// At most [`CLIPBOARD_WINDOW`].
        bytes: u32,
    },
    /// Sender → receiver: the next bytes.
    Piece {
        /// The offer's.
        transfer: u32,
        /// At most [`CLIPBOARD_PIECE`], at least one.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        bytes: Vec<u8>,
    },
    /// Receiver → sender: it lies on the receiver's clipboard now.
    Taken {
        /// The offer's.
        transfer: u32,
    },
    /// Receiver → sender: it is not wanted, or could not be put there; nothing more of it shall come.
    Refused {
        /// The offer's.
        transfer: u32,
        /// Why.
        why: ClipboardWhy,
    },
    /// Sender → receiver: no more of it will come.
    Dropped {
        /// The offer's.
        transfer: u32,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// Whether a console wants what the customer copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// No; what is copied until it says `on` again is none of its business.
    Off,
    /// Not now, its window has no focus; the newest when it is `on` again.
    Away,
    /// Yes, each time.
    On,
    /// A newer version's word; as `off`.
    #[serde(other)]
    Unknown,
}

/// A format of the content and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ClipboardPart {
    /// Which.
    pub format: ClipboardFormat,
    /// In bytes, at least one, at most [`ClipboardFormat::most`].
    pub size: u32,
}

/// A format of content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ClipboardFormat {
    /// Plain text, UTF-8.
    Text,
    /// HTML, UTF-8. It is put on a clipboard and never shown by us.
    Html,
    /// A picture, as a PNG file.
    Png,
    /// A newer version's format. An offer that has one is refused: its pieces could not be told apart.
    #[serde(other)]
    Unknown,
}

/// Why there is no content, or why it was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ClipboardWhy {
    /// Nothing lies there.
    Empty,
    /// A password manager marked it as not to be passed on.
    Secret,
    /// Larger than the limits.
    TooLarge,
    /// None of its formats is carried.
    Format,
    /// The right is missing, or the direction is switched off.
    NotAllowed,
    /// Another transfer is under way.
    Busy,
    /// The clipboard cannot be reached.
    Failed,
    /// A newer version's reason.
    #[serde(other)]
    Unknown,
}

/// What lies on a clipboard: one thing in several formats.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClipboardContent {
    /// The formats, each once.
    pub parts: Vec<(ClipboardFormat, Vec<u8>)>,
    /// Paths of copied files.
    pub files: Vec<String>,
}

impl std::fmt::Debug for ClipboardContent {
    /// What people copy does not belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sizes = self.parts.iter().map(|(format, bytes)| (format, bytes.len()));
        f.debug_map().entries(sizes).entry(&"files", &self.files.len()).finish()
    }
}

impl Clipboard {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message within its limits.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        let message: Self = decode(body)?;
        message.check()?;
        Ok(message)
    }

    /// Its limits.
    ///
    /// # Errors
    /// [`ChannelError::Limit`].
    pub fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Offer { parts, files, .. } => {
                limit("formats", parts.len() <= ClipboardFormat::ALL.len() + 1)?;
                let each = |(at, part): (usize, &ClipboardPart)| {
                    let first = parts.iter().position(|other| other.format == part.format) == Some(at);
                    first && part.size > 0 && part.size <= part.format.most()
                };
                limit("size", parts.iter().enumerate().all(each))?;
                let total: u64 = parts.iter().map(|part| u64::from(part.size)).sum();
                limit("size", total <= u64::from(MAX_CONTENT))?;
                limit("files", files.len() <= MAX_CLIPBOARD_FILES)?;
                limit("name", files.iter().all(|name| name.len() <= MAX_CLIPBOARD_FILE_NAME))
            }
            Self::Credit { bytes, .. } => limit("credit", *bytes <= CLIPBOARD_WINDOW),
            Self::Piece { bytes, .. } => limit("piece", !bytes.is_empty() && bytes.len() <= CLIPBOARD_PIECE),
            Self::Watch { .. }
            | Self::Fetch { .. }
            | Self::Nothing { .. }
            | Self::Taken { .. }
            | Self::Refused { .. }
            | Self::Dropped { .. }
            | Self::Unknown => Ok(()),
        }
    }
}

impl ClipboardFormat {
    /// Every format, the plainest first.
    pub const ALL: [Self; 3] = [Self::Text, Self::Html, Self::Png];

    /// Whether this version carries it.
    #[must_use]
    pub const fn is_known(self) -> bool {
        match self {
            Self::Text | Self::Html | Self::Png => true,
            Self::Unknown => false,
        }
    }

    /// The most bytes of it.
    #[must_use]
    pub const fn most(self) -> u32 {
        match self {
            Self::Text => MAX_CLIPBOARD_TEXT,
            Self::Html => MAX_CLIPBOARD_HTML,
            Self::Png => MAX_CLIPBOARD_IMAGE,
            Self::Unknown => MAX_CONTENT,
        }
    }

    /// Whether bytes of a far side may be put on a clipboard as this.
    ///
    /// # Errors
    /// Why not.
    pub fn check(self, bytes: &[u8]) -> Result<(), ClipboardWhy> {
        if bytes.len() as u64 > u64::from(self.most()) {
            return Err(ClipboardWhy::TooLarge);
        }
        match self {
            Self::Text | Self::Html => {
                let text = std::str::from_utf8(bytes).map_err(|_| ClipboardWhy::Format)?;
                if text.contains('\0') { Err(ClipboardWhy::Format) } else { Ok(()) }
            }
            Self::Png => {
                // The signature, then a chunk IHDR of 13 bytes: width and height first.
                let head = bytes.first_chunk::<24>().ok_or(ClipboardWhy::Format)?;
                if head[..8] != PNG || head[12..16] != *b"IHDR" {
                    return Err(ClipboardWhy::Format);
                }
                let side = |at: usize| {
                    u64::from(u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]))
                };
                match side(16) * side(20) {
                    0 => Err(ClipboardWhy::Format),
                    pixels if pixels > MAX_CLIPBOARD_PIXELS => Err(ClipboardWhy::TooLarge),
                    _ => Ok(()),
                }
            }
            Self::Unknown => Err(ClipboardWhy::Format),
        }
    }
}

impl ClipboardContent {
    /// The bytes of a format.
    #[must_use]
    pub fn part(&self, format: ClipboardFormat) -> Option<&[u8]> {
        self.parts.iter().find(|(other, _)| *other == format).map(|(_, bytes)| bytes.as_slice())
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.files.is_empty()
    }

    /// What an offer says of it: sizes, names of files within their limits, and how many files there are besides.
    #[must_use]
    pub fn offered(&self) -> (Vec<ClipboardPart>, Vec<String>, u32) {
        let size = |bytes: &Vec<u8>| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let parts =
            self.parts.iter().map(|(format, bytes)| ClipboardPart { format: *format, size: size(bytes) });
        let name = |path: &String| {
            let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            name[..name.floor_char_boundary(MAX_CLIPBOARD_FILE_NAME)].to_owned()
        };
        let files: Vec<String> = self.files.iter().take(MAX_CLIPBOARD_FILES).map(name).collect();
        let more = u32::try_from(self.files.len() - files.len()).unwrap_or(u32::MAX);
        (parts.collect(), files, more)
    }
}
