//! What becomes of the customer's screen when the session is over. In [`super::Control::ScreenLock`].

use serde::{Deserialize, Serialize};

/// Whether the customer's screen is locked at the end. Whole, whenever it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ScreenLock {
    /// How far that can be done there.
    pub way: LockWay,
    /// It is to be done.
    pub wanted: bool,
    /// The customer chose so themselves: what a technician wishes changes nothing any more.
    pub by_customer: bool,
    /// What came of it.
    pub done: LockDone,
}

/// How a screen can be locked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LockWay {
    /// Not looked at yet.
    #[default]
    Unknown,
    /// By a program that locks it and says whether it did.
    Locks,
    /// The screen saver can be started; whether it asks for a password is that computer's choice.
    Covers,
    /// Not at all.
    None,
    /// A newer version's way; as [`LockWay::Unknown`].
    #[serde(other)]
    Newer,
}

/// What came of locking it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LockDone {
    /// Its time has not come.
    #[default]
    NotYet,
    /// It is locked.
    Locked,
    /// The screen saver covers it.
    Covered,
    /// It stands open.
    Failed,
    /// A newer version's.
    #[serde(other)]
    Newer,
}
