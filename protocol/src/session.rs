//! The session as the service owns it: Waiting → Claimed → Live ⇄ Interrupted → Ended.

use serde::{Deserialize, Serialize};

use crate::ParticipantId;
use crate::consent::ConsentEnd;

pub mod code;
mod machine;
#[cfg(test)]
mod walk;

pub use machine::{Session, SessionConfig, SessionOutput, SessionRefused};

/// The most participants that a session ever has, those that left included.
pub const MAX_PARTICIPANTS: usize = 32;
/// The longest name of a participant or an organisation, in bytes.
pub const MAX_NAME: usize = 200;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// A newer version's state. Never a state of [`Session`] itself.
    #[serde(other)]
    Unknown,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The technician ended it.
    Technician,
    /// The customer ended it.
    Customer,
    /// The customer refused what was asked, or did not answer.
    Refused,
    /// The customer has said that this technician or organisation may never ask again.
    Blocked,
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The customer's machine.
    Agent,
    /// A technician's console.
    Technician,
    /// A newer version's role. Never let in.
    #[serde(other)]
    Unknown,
}

/// One participant, as everybody in the session sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Its part in the session is over: it left, was removed, or declined.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub gone: bool,
}

/// A whole session, as the service sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// The customer's computer restarts, and is expected back until then: milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub back_until: Option<u64>,
}

impl EndReason {
    /// Why a session ends whose consent ended so.
    #[must_use]
    pub const fn from_consent(why: ConsentEnd) -> Self {
        match why {
            ConsentEnd::Refused | ConsentEnd::TimedOut => Self::Refused,
            ConsentEnd::Stopped => Self::Customer,
            ConsentEnd::Blocked => Self::Blocked,
            ConsentEnd::EndedRemotely => Self::Technician,
            ConsentEnd::GraceOver => Self::Lost,
            ConsentEnd::Unknown => Self::Unknown,
        }
    }

    /// Why a session ends that a participant with this role ends.
    #[must_use]
    pub const fn by(role: Role) -> Self {
        match role {
            Role::Agent => Self::Customer,
            Role::Technician => Self::Technician,
            Role::Unknown => Self::Unknown,
        }
    }
}
