//! Restarting the customer's computer and coming back. In [`super::Control::Restart`]; a technician asks for it by
//! [`super::together::Wish::Restart`].

use serde::{Deserialize, Serialize};

/// The longest time for which a customer may let a technician come back without being asked, in seconds, and for which a
/// session waits for their computer.
pub const MAX_BACK_WITHIN: u32 = 60 * 60;

/// Where restarting the customer's computer stands. Whole, whenever it changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Restart {
    /// It can be asked for: this system can be restarted by the agent, and goes on by itself.
    pub possible: bool,
    /// How far it is.
    pub stage: RestartStage,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RestartStage {
    /// Nothing is under way.
    #[default]
    Idle,
    /// The customer is asked.
    Asking,
    /// They said no, or nothing.
    Refused,
    /// They said yes, and it could not be done.
    Failed {
        /// Why.
        why: RestartFailed,
    },
    /// The computer restarts, and is expected back.
    Going {
        /// Within so many seconds; later the session is over.
        seconds: u32,
        /// What was allowed is asked for anew.
        ask_again: bool,
    },
    /// It is back.
    Back {
        /// What was allowed before stays allowed for so many seconds. 0 when it is asked for anew.
        seconds: u32,
    },
    /// The customer's time is over: what was allowed before the restart has to be asked for.
    TimeOver,
    /// A newer version's.
    #[serde(other)]
    Unknown,
}

/// Why the customer's computer does not restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RestartFailed {
    /// The system does not let this account restart it.
    NotAllowed,
    /// There is nothing by which this program could restart it.
    NotHere,
    /// What is needed to come back could not be written down.
    NotKept,
    /// A newer version's.
    #[serde(other)]
    Unknown,
}
