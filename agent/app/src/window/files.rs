//! What the session process and its window say to one another about files.

use serde::{Deserialize, Serialize};

/// The longest name that is shown, in letters.
pub const MAX_NAME_SHOWN: usize = 90;

/// Session → window: everything that is shown of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesShown {
    /// What the customer is asked.
    pub question: Option<FilesQuestion>,
    /// The newest files, the newest last.
    pub rows: Vec<FilesRow>,
    /// Files before them.
    pub earlier: u32,
}

/// What the customer is asked about one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesQuestion {
    /// Number that the answer names.
    pub ask: u32,
    /// Who asks, as it was proven.
    pub technician: String,
    /// Files would come to this computer; otherwise they would be taken from it.
    pub incoming: bool,
    /// The first file; nothing where folders are to be looked at.
    pub name: Option<String>,
    /// Its bytes.
    pub size: u64,
    /// Files that follow.
    pub more: u32,
    /// Their bytes.
    pub more_size: u64,
    /// Seconds until silence counts as no.
    pub seconds: u64,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesRow {
    /// Its number, for stopping it.
    pub row: u32,
    /// It comes to this computer.
    pub incoming: bool,
    /// Its name, on one line.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Bytes that have gone.
    pub moved: u64,
    /// Where it stands.
    pub state: FilesRowState,
}

/// Where a file stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FilesRowState {
    /// For the customer's answer.
    Waits,
    /// It goes.
    Flows,
    /// It is whole.
    Finished,
    /// It is over.
    Over {
        /// Why: the end of a key of a sentence.
        why: String,
    },
}

/// Window → session. Only a person at this window makes these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "files", rename_all = "snake_case")]
pub enum FromFiles {
    /// Files may go the way that was asked about.
    Allow {
        /// The question's number.
        ask: u32,
    },
    /// They may not.
    Refuse {
        /// The question's number.
        ask: u32,
    },
    /// Stop this file.
    Stop {
        /// Its number.
        row: u32,
    },
    /// Stop all.
    StopAll,
}
