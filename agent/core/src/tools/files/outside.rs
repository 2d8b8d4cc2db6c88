//! What goes into the machine and what comes out of it.

use std::time::Instant;

use farhand_protocol::ParticipantId;
use farhand_protocol::channel::files::{FileEnd, Files as Message};
use farhand_protocol::transfer::{Direction, Job};

/// One file of one console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey {
    /// Whose.
    pub console: ParticipantId,
    /// Its number there.
    pub transfer: u32,
}

/// What the shell carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Say this to one console.
    Send {
        /// Which.
        to: ParticipantId,
        /// What.
        message: Message,
    },
    /// Have the disk do this, and hand in its answer.
    Disk {
        /// For which file.
        file: FileKey,
        /// What.
        job: Job,
    },
    /// Read a folder, and hand in what is in it.
    List {
        /// For whom.
        console: ParticipantId,
        /// Which question.
        list: u32,
        /// Which folder; empty for the customer's own.
        path: String,
    },
    /// What the customer is asked or shown is another thing now.
    Changed,
    /// A file is over: for the receipt.
    Record(Record),
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose console wanted it.
    pub console: ParticipantId,
    /// Which way it went.
    pub direction: Direction,
    /// Its name, of the far side or of this disk.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Why it is not whole; nothing when it is.
    pub end: Option<FileEnd>,
}

/// What the customer is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Number that the answer names.
    pub ask: u32,
    /// Who asks.
    pub console: ParticipantId,
    /// Which way files would go.
    pub direction: Direction,
    /// The first file, or nothing where folders are to be looked at.
    pub name: Option<String>,
    /// Its bytes; 0 where they are not known yet.
    pub size: u64,
    /// Files that follow.
    pub more: u32,
    /// Their bytes.
    pub more_size: u64,
    /// Silence until then means no.
    pub expires: Instant,
}

/// What the customer does about files. Only the agent's own window makes these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromCustomer {
    /// Files may go the way that was asked about.
    Allow(u32),
    /// They may not.
    Refuse(u32),
    /// Stop the file in this row.
    Stop(u32),
    /// Stop all, and ask again before any other goes.
    StopAll,
}

/// Whether anything may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The right is granted.
    Open,
    /// It is granted and on hold: nothing goes, and nothing ends.
    Held,
    /// It is not granted.
    Shut,
}

/// A file as the customer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number, for [`FromCustomer::Stop`].
    pub row: u32,
    /// Which way.
    pub direction: Direction,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Bytes that have gone.
    pub moved: u64,
    /// Where it stands.
    pub state: RowState,
}

/// Where a file stands, for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// For the customer's answer.
    Waits,
    /// It goes.
    Flows,
    /// It is whole.
    Finished,
    /// It is over.
    Over(FileEnd),
}
