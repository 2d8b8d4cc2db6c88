//! Several technicians in one session: one of them brings in a colleague, or hands the session over. In
//! [`super::Control::Together`].

use serde::{Deserialize, Serialize};

use super::{ChannelError, limit};
use crate::ParticipantId;
use crate::consent::ConsentSnapshot;
use crate::rights::{Right, Rights};
use crate::session::MAX_NAME;

/// Digits that a technician tells a colleague, which the service never learns.
pub const COLLEAGUE_DIGITS: usize = 4;

/// What a colleague is brought in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To see the screen.
    Watch,
    /// To see the screen and use keyboard and pointer.
    Help,
    /// To go on in place of the technician who brings them in.
    TakeOver,
    /// A newer version's purpose; nobody is brought in for it.
    #[serde(other)]
    Unknown,
}

impl Purpose {
    /// What the customer is asked for at once. Nothing for a [`Purpose::TakeOver`], which asks for what is allowed by
    /// then.
    #[must_use]
    pub const fn rights(self) -> Rights {
        match self {
            Self::Watch => Rights::of(&[Right::View]),
            Self::Help => Rights::of(&[Right::Control]),
            Self::TakeOver | Self::Unknown => Rights::EMPTY,
        }
    }
}

/// What a session of several technicians takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Together {
    /// Console → agent: a colleague will come, and this is how they show who they are. Grants nothing.
    Introduce {
        /// Their number in the session.
        participant: ParticipantId,
        /// Their name.
        name: String,
        /// Their organisation.
        organisation: String,
        /// What for.
        purpose: Purpose,
        /// What they may ask for at most; the session's own bounds hold as well.
        rights: Rights,
        /// [`COLLEAGUE_DIGITS`] digits, which they will type. They key the hand-shake of their console.
        digits: String,
    },
    /// Console → agent: that colleague must go, or need not come.
    Dismiss {
        /// Who.
        participant: ParticipantId,
    },
    /// Agent → consoles: where the consent of a colleague stands. Whole, with a revision of its own.
    Rights {
        /// Whose.
        to: ParticipantId,
        /// The snapshot.
        snapshot: ConsentSnapshot,
    },
    /// Agent → consoles: the customer agreed that a colleague goes on in another's place.
    TookOver {
        /// Whose part in the session is over.
        from: ParticipantId,
        /// Who goes on.
        to: ParticipantId,
    },
    /// Agent → consoles: whoever came as this colleague has not the digits, or came under another name. Their
    /// invitation is void.
    Unproven {
        /// As whom.
        participant: ParticipantId,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// What a technician would like, which takes no right: [`super::Control::Wish`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Wish {
    /// Console → agent: how the picture is best where the way is narrow.
    Picture {
        /// Which.
        prefer: Prefer,
    },
    /// Console → agent: the customer's screen is locked when the session is over, unless they choose otherwise.
    LockAtEnd {
        /// Whether.
        lock: bool,
    },
    /// Console → agent: the customer is asked to let their computer restart, and for how long the technician may come
    /// back.
    Restart,
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// How the picture is best where the way is narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Prefer {
    /// As the way allows.
    #[default]
    Automatic,
    /// Every pixel as it is, with fewer pictures a second.
    Sharp,
    /// As many pictures a second as the way carries, less sharp while something moves.
    Smooth,
    /// A newer version's wish; as [`Prefer::Automatic`].
    #[serde(other)]
    Unknown,
}

impl Together {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Introduce { name, organisation, digits, participant: _, purpose: _, rights: _ } => {
                limit("name", name.len() <= MAX_NAME && organisation.len() <= MAX_NAME)?;
                let digits = digits.as_bytes();
                limit("digits", digits.len() == COLLEAGUE_DIGITS && digits.iter().all(u8::is_ascii_digit))
            }
            Self::Dismiss { .. }
            | Self::Rights { .. }
            | Self::TookOver { .. }
            | Self::Unproven { .. }
            | Self::Unknown => Ok(()),
        }
    }
}
