//! The session as the service owns it: Waiting → Claimed → Live ⇄ Interrupted → Ended.

use serde::{Deserialize, Serialize};

use crate::ParticipantId;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionState {
    /// The code waits for the customer.
    Waiting,
    /// The code is used up: the customer's agent is here, its media link not yet.
    Claimed,
    /// Agent and at least one technician have their media links.
    Live,
    /// Was live, and somebody that it needs is away; ends when its grace is over.
    Interrupted,
    /// Over.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The technician ended it.
    Technician,
    /// The customer ended it.
    Customer,
    /// The customer refused what was asked, or did not answer.
    Refused,
    /// Nobody used the code in time.
    CodeExpired,
    /// The other side did not come back in time.
    Lost,
    /// The service's administrator or a limit ended it.
    Service,
    /// A newer version's reason.
    #[serde(other)]
    Unknown,
}

/// The role of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The customer's machine.
    Agent,
    /// A technician's console.
    Technician,
}

/// One participant, as everybody in the session sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Participant {
    /// Identifier within the session.
    pub id: ParticipantId,
    /// Role.
    pub role: Role,
    /// Name for people; empty for an anonymous customer.
    pub name: String,
    /// The technician's organisation; empty for a customer.
    pub organisation: String,
    /// Whether its socket stands.
    pub connected: bool,
    /// Whether its media link stands, as it reports.
    pub media: bool,
}

/// A whole session, as the service sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionSnapshot {
    /// Identifier.
    pub id: String,
    /// Counts up with every change; an older one is ignored by a [`crate::mirror::Mirror`].
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub revision: u64,
    /// Where it stands.
    #[serde(flatten)]
    pub state: SessionState,
    /// Everybody who is or was in it.
    pub participants: Vec<Participant>,
    /// When the code stops working, milliseconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub code_expires_at: u64,
    /// When it was created, milliseconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
}
