//! The customer's consent, owned by the agent. See DESIGN: one gate, `Consent::permits`, before every effect.

use serde::{Deserialize, Serialize};

use crate::rights::Rights;

mod machine;
#[cfg(test)]
mod walk;

pub use machine::{Consent, ConsentConfig, ConsentRefused, Local, Output, PAUSE_LIMIT, Remote};

/// Numbers a prompt; an answer names the prompt that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct AskId(pub u32);

/// Why control and view are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The customer pressed Pause.
    Customer,
    /// The desktop is locked.
    DesktopLocked,
    /// The media link is down.
    LinkLost,
    /// A newer version's reason. Never a hold of [`Consent`] itself.
    #[serde(other)]
    Unknown,
}

/// Where consent stands, as consoles see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConsentSnapshot {
    /// Counts up with every change.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub revision: u64,
    /// The state.
    #[serde(flatten)]
    pub state: ConsentState,
}

/// The states that a console can see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConsentState {
    /// Nothing asked yet.
    Fresh,
    /// A prompt is shown to the customer.
    Asking {
        /// What it asks for.
        rights: Rights,
    },
    /// The customer allowed these rights.
    Granted {
        /// What is allowed now.
        rights: Rights,
        /// Further rights asked for, prompt shown.
        more: Option<Rights>,
    },
    /// Allowed, but held for now: nothing is permitted until every hold is lifted.
    Held {
        /// What will be allowed again.
        rights: Rights,
        /// Why it is held; never empty.
        holds: Vec<Hold>,
    },
    /// Over for good.
    Ended {
        /// Why.
        why: ConsentEnd,
    },
    /// A newer version's state: nothing is permitted as far as this version knows.
    #[serde(other)]
    Unknown,
}

impl ConsentState {
    /// What is granted, held or not.
    #[must_use]
    pub const fn rights(&self) -> Rights {
        match self {
            Self::Granted { rights, .. } | Self::Held { rights, .. } => *rights,
            Self::Fresh | Self::Asking { .. } | Self::Ended { .. } | Self::Unknown => Rights::EMPTY,
        }
    }
}

/// What of a consent outlives a restart of the customer's machine, see [`Consent::to_carry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// What was allowed, and stays so.
    pub rights: Rights,
    /// The last prompt's number.
    pub last_ask: u32,
    /// Refusals so far.
    pub refusals: u8,
    /// The last snapshot's revision.
    pub revision: u64,
}

/// Why consent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ConsentEnd {
    /// The customer said No to the first prompt.
    Refused,
    /// Nobody answered in time: silence means no.
    TimedOut,
    /// The customer pressed End or Stop.
    Stopped,
    /// The customer has said that this technician or organisation may never ask again.
    Blocked,
    /// The technician or the service ended the session.
    EndedRemotely,
    /// A hold's grace was over.
    GraceOver,
    /// A newer version's reason.
    #[serde(other)]
    Unknown,
}
