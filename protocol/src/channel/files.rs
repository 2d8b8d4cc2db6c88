//! Messages of [`crate::envelope::Stream::Files`]: files, each way. How they follow one another is in
//! [`crate::transfer`].

use serde::{Deserialize, Serialize};

use super::{ChannelError, limit};
use crate::envelope::MAX_FILES_MESSAGE;
use crate::transfer::names::{MAX_DEPTH, MAX_GIVEN};

/// The most bytes of a file in one message. With head, field names and seal the message stays below
/// [`crate::envelope::MAX_FILES_MESSAGE`].
pub const MAX_CHUNK: usize = 60 * 1024;
/// The longest path, in bytes.
pub const MAX_PATH: usize = 4096;
/// The most entries of a folder in one message.
pub const MAX_ENTRIES: usize = 48;
/// Length of a hash, in bytes.
pub const HASH: usize = 32;
/// The largest size or offset that is taken: what a number of JavaScript holds exactly.
pub const MAX_SIZE: u64 = (1 << 53) - 1;

/// A message, either way. `transfer` is a number of the console's choosing, one for each file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Files {
    /// Console → agent: would put a file on the customer's computer. Said again, it asks where to go on.
    Offer {
        /// Which.
        transfer: u32,
        /// Folders and the file's name, below the folder that the customer's computer chooses; at most
        /// [`MAX_DEPTH`] steps of at most [`MAX_GIVEN`] bytes.
        path: Vec<String>,
        /// Bytes.
        size: u64,
        /// Files that follow this one, as far as the console knows.
        more: u32,
        /// Their bytes.
        more_size: u64,
    },
    /// Console → agent: would take a file of the customer's computer. Said again, it says where to go on.
    Fetch {
        /// Which.
        transfer: u32,
        /// As [`Files::Listing`] gave it: folder and name, at most [`MAX_PATH`] bytes.
        path: String,
        /// Everything before is there.
        offset: u64,
        /// The agent may send up to here.
        until: u64,
        /// Files that follow this one, as far as the console knows.
        more: u32,
        /// Their bytes.
        more_size: u64,
    },
    /// Agent → console: the customer is asked whether this may be.
    Asking {
        /// Which.
        transfer: u32,
    },
    /// Agent → console: it goes on from here.
    Ready {
        /// Which.
        transfer: u32,
        /// The file's name on the customer's computer.
        name: String,
        /// Bytes in all.
        size: u64,
        /// Everything before is there.
        offset: u64,
        /// Of an offer: the console may send up to here. Otherwise 0.
        until: u64,
    },
    /// The sending end: bytes of the file.
    Chunk {
        /// Which.
        transfer: u32,
        /// Where they stand.
        offset: u64,
        /// At least one, at most [`MAX_CHUNK`].
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        bytes: Vec<u8>,
    },
    /// The receiving end: the other one may send up to here. Only ever more.
    Grant {
        /// Which.
        transfer: u32,
        /// Bytes from the file's beginning.
        until: u64,
    },
    /// The sending end: everything is sent.
    Done {
        /// Which.
        transfer: u32,
        /// BLAKE3 of the whole file.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        hash: Vec<u8>,
    },
    /// The receiving end: the file is whole, its hash agrees, and it has its name.
    Finished {
        /// Which.
        transfer: u32,
        /// Its name where it lies now.
        name: String,
    },
    /// Either end: this file is over, unfinished.
    Stop {
        /// Which.
        transfer: u32,
        /// Why.
        why: FileEnd,
    },
    /// Console → agent: what is in a folder?
    List {
        /// Which question, a number of the console's choosing.
        list: u32,
        /// The folder; empty for the customer's own.
        path: String,
    },
    /// Agent → console: a part of what is in it.
    Listing {
        /// Which question.
        list: u32,
        /// The folder, as it is asked for again.
        path: String,
        /// The folder above, if there is one.
        parent: Option<String>,
        /// At most [`MAX_ENTRIES`].
        entries: Vec<FileEntry>,
        /// More of it follows.
        more: bool,
        /// There is more in the folder than is told.
        cut: bool,
    },
    /// Agent → console: the customer is asked whether this may be.
    ListAsking {
        /// Which question.
        list: u32,
    },
    /// Agent → console: it cannot be told.
    ListRefused {
        /// Which question.
        list: u32,
        /// Why.
        why: FileEnd,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// What lies in a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FileEntry {
    /// Its name, at most [`MAX_GIVEN`] bytes.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes, of a file.
    pub size: u64,
    /// When it was last changed, seconds since 1970; 0 when that is not known.
    pub changed: u64,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A file that can be taken.
    File,
    /// A folder.
    Folder,
    /// Something else: a device, a broken link, a name that cannot be told.
    Other,
    /// A newer version's; treated as [`FileKind::Other`].
    #[serde(other)]
    Unknown,
}

/// Why a file is over before it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum FileEnd {
    /// The customer stopped it.
    Stopped,
    /// The technician did.
    Cancelled,
    /// The customer does not want files to go this way.
    Refused,
    /// The right is not granted, or was taken back.
    NoRight,
    /// The name cannot be used.
    Name,
    /// The customer's or the technician's user may not.
    Denied,
    /// There is no such file any more.
    Vanished,
    /// It is no file.
    NotAFile,
    /// The disk is full.
    DiskFull,
    /// The file changed on the way.
    Changed,
    /// What came is not what was sent.
    Mismatch,
    /// Too much at once.
    Busy,
    /// Something else went wrong.
    Failed,
    /// A newer version's reason.
    #[serde(other)]
    Unknown,
}

impl FileEnd {
    /// Every reason of this version.
    pub const ALL: [Self; 13] = [
        Self::Stopped,
        Self::Cancelled,
        Self::Refused,
        Self::NoRight,
        Self::Name,
        Self::Denied,
        Self::Vanished,
        Self::NotAFile,
        Self::DiskFull,
        Self::Changed,
        Self::Mismatch,
        Self::Busy,
        Self::Failed,
    ];

    /// For programs: the word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::NoRight => "no_right",
            Self::Name => "name",
            Self::Denied => "denied",
            Self::Vanished => "vanished",
            Self::NotAFile => "not_a_file",
            Self::DiskFull => "disk_full",
            Self::Changed => "changed",
            Self::Mismatch => "mismatch",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Files {
    /// Reads a body.
    ///
    /// # Errors
    /// [`ChannelError`] for anything but one whole message within its limits.
    pub fn decode(body: &[u8]) -> Result<Self, ChannelError> {
        let message: Self = super::decode_within(body, MAX_FILES_MESSAGE)?;
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), ChannelError> {
        let name = |name: &str| limit("name", name.len() <= MAX_GIVEN);
        let path = |path: &str| limit("path", path.len() <= MAX_PATH);
        let size = |bytes: &[u64]| limit("size", bytes.iter().all(|bytes| *bytes <= MAX_SIZE));
        match self {
            Self::Offer { path: steps, size: bytes, more_size, .. } => {
                limit("path", !steps.is_empty() && steps.len() <= MAX_DEPTH)?;
                limit("path", steps.iter().map(String::len).sum::<usize>() <= MAX_PATH)?;
                steps.iter().try_for_each(|step| name(step))?;
                size(&[*bytes, *more_size])
            }
            Self::Fetch { path: wanted, offset, until, more_size, .. } => {
                path(wanted)?;
                size(&[*offset, *until, *more_size])
            }
            Self::Ready { name: given, size: bytes, offset, until, .. } => {
                name(given)?;
                size(&[*bytes, *offset, *until])
            }
            Self::Chunk { offset, bytes, .. } => {
                limit("chunk", !bytes.is_empty() && bytes.len() <= MAX_CHUNK)?;
                size(&[*offset])
            }
            Self::Grant { until, .. } => size(&[*until]),
            Self::Done { hash, .. } => limit("hash", hash.len() == HASH),
            Self::Finished { name: given, .. } => name(given),
            Self::List { path: wanted, .. } => path(wanted),
            Self::Listing { path: shown, parent, entries, .. } => {
                path(shown)?;
                path(parent.as_deref().unwrap_or_default())?;
                limit("folder", entries.len() <= MAX_ENTRIES)?;
                entries
                    .iter()
                    .try_for_each(|entry| name(&entry.name).and_then(|()| size(&[entry.size, entry.changed])))
            }
            Self::Asking { .. }
            | Self::Stop { .. }
            | Self::ListAsking { .. }
            | Self::ListRefused { .. }
            | Self::Unknown => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::TO_HEAD_LEN;

    fn again(message: &Files) -> Result<Files, ChannelError> {
        let mut body = Vec::new();
        crate::channel::encode(message, &mut body);
        Files::decode(&body)
    }

    #[test]
    fn the_largest_chunk_fits_into_a_sealed_message() {
        let chunk = Files::Chunk { transfer: u32::MAX, offset: MAX_SIZE, bytes: vec![0; MAX_CHUNK] };
        let mut body = Vec::new();
        crate::channel::encode(&chunk, &mut body);
        // Epoch, tag and padding of the seal take less than what is left.
        assert!(TO_HEAD_LEN + body.len() + 128 <= MAX_FILES_MESSAGE, "{}", body.len());
        assert_eq!(again(&chunk).unwrap(), chunk);
    }

    #[test]
    fn sizes_over_their_limits_are_refused() {
        let offer = |path: Vec<String>, size| Files::Offer { transfer: 1, path, size, more: 0, more_size: 0 };
        assert!(again(&offer(vec!["a".into()], MAX_SIZE)).is_ok());
        assert!(again(&offer(vec!["a".into()], MAX_SIZE + 1)).is_err());
        assert!(again(&offer(Vec::new(), 1)).is_err());
        assert!(again(&offer(vec!["a".into(); MAX_DEPTH + 1], 1)).is_err());
        assert!(again(&offer(vec!["a".repeat(MAX_GIVEN + 1)], 1)).is_err());
        assert!(again(&offer(vec!["a".repeat(MAX_GIVEN); 5], 1)).is_err());
        let chunk = |length| Files::Chunk { transfer: 1, offset: 0, bytes: vec![0; length] };
        assert!(
            again(&chunk(0)).is_err() && again(&chunk(1)).is_ok() && again(&chunk(MAX_CHUNK + 1)).is_err()
        );
        let done = |length| Files::Done { transfer: 1, hash: vec![0; length] };
        assert!(again(&done(HASH)).is_ok() && again(&done(HASH - 1)).is_err());
        assert!(again(&Files::List { list: 1, path: "a".repeat(MAX_PATH + 1) }).is_err());
    }

    #[test]
    fn every_reason_has_its_word() {
        for why in FileEnd::ALL {
            assert_eq!(serde_json::to_value(why).unwrap(), why.word());
        }
    }
}
