//! Messages of a session's socket (`GET /api/v1/sessions/{id}/socket`), JSON text. Browsers authenticate by cookie,
//! programs by `Authorization: Bearer`; a customer's agent by the token of [`crate::api::Joined`].
//!
//! The client speaks first ([`ToService::Hello`]); the service answers [`FromService::Welcome`].

use serde::{Deserialize, Serialize};

use crate::ParticipantId;
use crate::api::MediaOffer;
use crate::consent::ConsentSnapshot;
use crate::session::{EndReason, SessionSnapshot};
use crate::version::{Version, VersionRange};

/// The largest signal, in bytes.
pub const MAX_SIGNAL: usize = 16 * 1024;

/// Client → service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToService {
    /// The first message.
    Hello {
        /// Versions spoken.
        versions: VersionRange,
        /// Program and version, for the log: `farhand-agent/0.1.0`.
        program: String,
    },
    /// Asks for a fresh [`MediaOffer`].
    RenewMedia,
    /// Agent only: where consent stands, for session state and audit. The service never decides by it.
    Consent {
        /// The snapshot.
        snapshot: ConsentSnapshot,
    },
    /// Whether this participant's media link stands.
    Media {
        /// Up or down.
        up: bool,
    },
    /// Ends the session for everybody. From a colleague who was invited it is [`ToService::Leave`].
    End,
    /// A technician leaves for good; the session goes on without them.
    Leave,
    /// A colleague must go, or need not come. From the session's own technician, or from the agent.
    Remove {
        /// Who.
        participant: ParticipantId,
    },
    /// Agent only: whoever came as this colleague could not prove that they were meant. Their invitation is void.
    Unproven {
        /// As whom.
        participant: ParticipantId,
    },
    /// The session's own technician leaves it to a colleague who is in it.
    HandOver {
        /// Who goes on.
        to: ParticipantId,
    },
    /// Agent only: the customer's computer restarts, and the agent is expected back within this time. The session waits
    /// for it as long, at most [`MAX_BACK_WITHIN`].
    ///
    /// [`MAX_BACK_WITHIN`]: crate::channel::restart::MAX_BACK_WITHIN
    Restarting {
        /// Seconds; 0 when it does not restart after all.
        seconds: u32,
    },
    /// Keeps the connection alive.
    Ping {
        /// Returned unchanged.
        nonce: u32,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// Service → client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromService {
    /// The answer to a hello.
    Welcome {
        /// The version agreed on.
        version: Version,
        /// Who the client is in this session.
        participant: ParticipantId,
        /// Where the session stands.
        session: SessionSnapshot,
        /// How to reach the media service.
        media: MediaOffer,
        /// The service's clock, milliseconds since 1970; 0 from an older one.
        #[serde(default)]
        #[cfg_attr(feature = "ts", ts(type = "number"))]
        now: u64,
    },
    /// The session changed. Whole, with a revision.
    Session {
        /// The snapshot.
        snapshot: SessionSnapshot,
    },
    /// The answer to [`ToService::RenewMedia`].
    Media {
        /// The new offer.
        offer: MediaOffer,
    },
    /// The session is over; the socket closes.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// This participant's part in the session is over, and the session goes on; the socket closes.
    Left {
        /// Why.
        why: LeftWhy,
    },
    /// The client did something that cannot be; the socket closes.
    Problem {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// The answer to a ping.
    Pong {
        /// The ping's.
        nonce: u32,
    },
    /// A message of a newer version; ignored.
    #[serde(other)]
    Unknown,
}

/// Why a participant's part in a session that goes on is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LeftWhy {
    /// By themselves.
    Left,
    /// The session's technician removed them.
    Removed,
    /// The customer did not agree, or took it back.
    Refused,
    /// A colleague went on in their place.
    HandedOver,
    /// They could not prove that they were meant: the digits were wrong, or the name.
    Unproven,
    /// A newer version's reason.
    #[serde(other)]
    Unknown,
}

/// The longest program name in [`ToService::Hello`], in bytes.
pub const MAX_PROGRAM: usize = 200;

/// Why a signal was refused.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// Larger than [`MAX_SIGNAL`].
    #[error("the message is larger than {MAX_SIGNAL} bytes")]
    Long,
    /// Not JSON of the expected shape.
    #[error("the message cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A text in it is too long.
    #[error("the message has a {what} over its limit")]
    Limit {
        /// What was too large.
        what: &'static str,
    },
}

fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, SignalError> {
    if text.len() > MAX_SIGNAL {
        return Err(SignalError::Long);
    }
    Ok(serde_json::from_str(text)?)
}

fn encode<T: Serialize>(signal: &T) -> String {
    serde_json::to_string(signal).expect("no signal holds a map with strange keys")
}

impl ToService {
    /// Reads a signal.
    ///
    /// # Errors
    /// [`SignalError`] for anything but one whole signal within its limits.
    pub fn decode(text: &str) -> Result<Self, SignalError> {
        let signal = decode(text)?;
        match &signal {
            Self::Hello { program, .. } if program.len() > MAX_PROGRAM => {
                Err(SignalError::Limit { what: "program name" })
            }
            Self::Hello { .. }
            | Self::RenewMedia
            | Self::Consent { .. }
            | Self::Media { .. }
            | Self::End
            | Self::Leave
            | Self::Remove { .. }
            | Self::Unproven { .. }
            | Self::HandOver { .. }
            | Self::Restarting { .. }
            | Self::Ping { .. }
            | Self::Unknown => Ok(signal),
        }
    }

    /// The signal's text.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }
}

impl FromService {
    /// Reads a signal.
    ///
    /// # Errors
    /// [`SignalError`] for anything but one whole signal.
    pub fn decode(text: &str) -> Result<Self, SignalError> {
        decode(text)
    }

    /// The signal's text.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }
}
