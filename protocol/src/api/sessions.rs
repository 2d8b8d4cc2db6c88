//! Sessions: start, list, join.

use serde::{Deserialize, Serialize};

use crate::session::SessionSnapshot;

/// `POST /sessions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CreateSession {
    /// For the demo customer's computer. Refused unless [`super::ServiceInfo::demo`].
    #[serde(default)]
    pub demo: bool,
    /// With [`CreateSession::demo`], and only then: the last four digits of the code, for the demo computer, to which
    /// nobody can read them out. No other session's are ever sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub demo_digits: Option<String>,
}

/// The answer to [`CreateSession`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionCreated {
    /// The first six digits of the code, which name the session. The console adds four of its own, and shows
    /// `482 193 5710`.
    pub code: String,
    /// What the customer opens, `https://…/join#482193`, to which the console adds the secret.
    pub link: String,
    /// The session.
    pub session: SessionSnapshot,
}

/// `GET /sessions`: the caller's own sessions that have not ended, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<SessionCreated>,
}

/// `POST /join`, no sign-in. The code is used up by success; a wrong one counts against the caller's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Join {
    /// The first six digits; spaces and dashes are ignored. A whole code is refused, for its secret is not for the
    /// service.
    pub code: String,
}

/// The answer to [`Join`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Joined {
    /// The session's identifier; its socket is `GET /sessions/{id}/socket`.
    pub session: String,
    /// Opaque bearer token of this participant, for the socket.
    pub token: String,
    /// Who asks: the technician's name.
    pub technician: String,
    /// Who asks: the organisation's name.
    pub organisation: String,
    /// The domain that the organisation has proven to be its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub domain: Option<String>,
    /// What the technician may ask for at most; the agent keeps to it whatever is asked later.
    #[serde(default)]
    pub ceiling: super::Policy,
}

/// How to reach the media service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MediaOffer {
    /// Opaque, signed, for one participant of one session.
    pub ticket: String,
    /// When the ticket can no longer open a connection, milliseconds since 1970. An open one stays.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires_at: u64,
    /// UDP port of the media service on the host that the API was reached by, or on [`MediaOffer::host`].
    pub port: u16,
    /// Host name or address of the media service where it differs from the API's.
    #[serde(default)]
    pub host: Option<String>,
    /// SHA-256 of each certificate that the QUIC endpoint may show now, lower-case hex. Anything else is refused.
    pub certificate_sha256: Vec<String>,
    /// Path of the WebTransport session, such as `/media`.
    pub webtransport_path: String,
    /// Path of the WebSocket on the HTTPS port, such as `/api/v1/media`.
    pub websocket_path: String,
}
