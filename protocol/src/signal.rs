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
    /// Ends the session for everybody.
    End,
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
