//! Files between the two ends, without disk, clock or socket: the two ends of one file, the console's list of them, and
//! the names that files of the far side get.
//!
//! The console begins every transfer, under a number of its choosing: it offers a file ([`Files::Offer`]) or asks for one
//! ([`Files::Fetch`]). Whenever a message may be lost, it says so again, and the agent answers with the place from which
//! it goes on: nothing is remembered but how much of a file the receiving end has. The receiving end grants bytes, and
//! nobody sends more than was granted. Behind the last byte goes the BLAKE3 hash of the whole file as the sending end
//! read it; the file gets its name when the receiving end wrote the same.
//!
//! [`Files::Offer`]: crate::channel::files::Files::Offer
//! [`Files::Fetch`]: crate::channel::files::Files::Fetch

mod console;
mod incoming;
mod item;
pub mod names;
mod outgoing;
mod pace;
mod stops;

pub use console::{AGAIN_MS, Console, ConsoleOutput};
pub use incoming::{Incoming, Took};
pub use item::{Direction, Item, ItemState};
pub use outgoing::{Changed, Outgoing, Pieces};
pub use pace::SMALL_PIECE;
use serde::{Deserialize, Serialize};

use crate::channel::files::{FileEnd, MAX_CHUNK};

/// Bytes that may be on their way to one receiving end, over all of its files. Less than what a link and a room let wait.
pub const BUDGET: u64 = 1536 * 1024;
/// Files of one console that go at the same time in each direction; others wait at the console.
pub const ACTIVE: usize = 3;
/// The most bytes that are read from a disk at once.
pub const READ: u64 = 4 * MAX_CHUNK as u64;

/// What one of so many files at the same time may have on its way.
#[must_use]
pub fn share(active: usize) -> u64 {
    (BUDGET / active.max(1) as u64).max(MAX_CHUNK as u64)
}

/// What a disk does for one file. The jobs of one file are done in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "TransferJob"))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Job {
    /// Make a temporary file beside the one that it will become. Answered by [`Said::Created`].
    Create {
        /// Folders and the file's name, below the chosen folder; each is confined by [`names::confined`].
        path: Vec<String>,
        /// Bytes to come.
        size: u64,
    },
    /// Append. Answered by [`Said::Written`].
    Write {
        /// Where; what was written before ends there.
        offset: u64,
        /// What.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        bytes: Vec<u8>,
    },
    /// Everything is written: compare the hash and give the file its name. Answered by [`Said::Kept`].
    Finish {
        /// What the other end read.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        hash: Vec<u8>,
    },
    /// Open a file to read. Answered by [`Said::Opened`].
    Open {
        /// Which.
        path: String,
    },
    /// Read on from here. What is before it is read too, for the hash.
    Seek {
        /// Answers to reads before this are not wanted any more.
        turn: u32,
        /// Where.
        offset: u64,
    },
    /// Read on. Answered by [`Said::Read`].
    Read {
        /// Of the last [`Job::Seek`].
        turn: u32,
        /// At most so many bytes.
        length: u64,
    },
    /// Nothing more comes: what is not finished is removed.
    Close,
}

/// What a disk answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "TransferSaid"))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Said {
    /// The temporary file is there.
    Created,
    /// Everything before is written.
    Written {
        /// Bytes.
        until: u64,
    },
    /// The file has its name: this one.
    Kept {
        /// As it is called now.
        name: String,
    },
    /// The file can be read.
    Opened {
        /// As it is called.
        name: String,
        /// Its size now, in bytes.
        size: u64,
    },
    /// Bytes of it.
    Read {
        /// Of the [`Job::Read`].
        turn: u32,
        /// As many as were asked for, or fewer.
        #[serde(with = "crate::channel::bytes_field")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array"))]
        bytes: Vec<u8>,
        /// Of the whole file, with its last byte.
        #[serde(default, with = "maybe_bytes")]
        #[cfg_attr(feature = "ts", ts(type = "Uint8Array | null"))]
        hash: Option<Vec<u8>>,
    },
    /// It cannot be done; the file is over.
    Failed {
        /// Why.
        why: FileEnd,
    },
}

/// Bytes that may be missing, as a page has them.
mod maybe_bytes {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(Bytes::copy_from_slice).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        Ok(Option::<Bytes>::deserialize(deserializer)?.map(Vec::from))
    }
}
