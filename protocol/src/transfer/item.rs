//! Files as the console's list shows them.

use serde::{Deserialize, Serialize};

use crate::channel::files::FileEnd;

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the customer's computer.
    In,
    /// From it.
    Out,
}

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// Others go first.
    Queued,
    /// The agent was told.
    Asked,
    /// The customer is asked.
    Waits,
    /// It goes.
    Flows,
    /// It is whole at the other end, or here.
    Finished,
    /// It is over, unfinished.
    Over,
}

/// A file as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(rename = "TransferItem"))]
pub struct Item {
    /// Its number.
    pub transfer: u32,
    /// Which way.
    pub direction: Direction,
    /// Its name; where it lies, once it is whole.
    pub name: String,
    /// Bytes in all.
    pub size: u64,
    /// Bytes that the receiving end has, as far as is known.
    pub moved: u64,
    /// Where it stands.
    pub state: ItemState,
    /// Why it is over.
    pub why: Option<FileEnd>,
}
