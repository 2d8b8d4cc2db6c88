//! The HTTP API's types. Paths are under `/api/v1`; bodies are JSON; errors are [`Problem`] with a 4xx or 5xx status.

use serde::{Deserialize, Serialize};

use crate::session::SessionSnapshot;

/// Every error's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Problem {
    /// For programs, such as `code_unknown`; the page looks its sentence up by it.
    pub code: String,
    /// For people, in English: what happened and what to do.
    pub message: String,
}

/// `GET /service`: what anybody may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ServiceInfo {
    /// The program's version.
    pub version: String,
    /// Whether a demo customer's computer is waiting (only with `farhand serve --demo`).
    pub demo: bool,
    /// Whether the agent can be downloaded from `/download/…`.
    pub download: bool,
    /// SHA-256 of the HTTPS certificate, lower-case hex.
    pub certificate_sha256: String,
    /// UDP port of the media service, for checks of the way to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub media_port: Option<u16>,
    /// SHA-256 of each certificate that the media service may show now, lower-case hex.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<String>>"))]
    pub media_certificate_sha256: Vec<String>,
}

/// `POST /setup`: the one-time set-up link's form. Gone (404) after use.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetUp {
    /// From the printed link's fragment.
    pub token: String,
    /// The organisation's name.
    pub organisation: String,
    /// The first administrator's name, as customers will see it.
    pub name: String,
    /// The first administrator's e-mail address.
    pub email: String,
    /// At least 8 characters with letters and digits (I2).
    pub password: String,
}

/// `POST /sign-in`. Sets the `__Host-farhand` cookie, and returns the token for programs that keep it themselves.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignIn {
    /// E-mail address (I1).
    pub email: String,
    /// Password.
    pub password: String,
}

/// The answer to [`SignIn`] and [`SetUp`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignedIn {
    /// Opaque bearer token; present only when the request asks with `Farhand-Token: bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub token: Option<String>,
    /// Who signed in.
    pub user: User,
}

/// `GET /me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct User {
    /// Identifier.
    pub id: String,
    /// Name as customers see it.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The tenant's name.
    pub organisation: String,
    /// Role (I5).
    pub role: UserRole,
}

/// What a signed-in user may do (I5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Manages technicians; starts sessions too.
    Administrator,
    /// Starts sessions.
    Technician,
}

/// `POST /sessions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CreateSession {
    /// Hand the code to the demo customer's computer. Refused unless [`ServiceInfo::demo`].
    #[serde(default)]
    pub demo: bool,
}

/// The answer to [`CreateSession`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionCreated {
    /// Ten digits without separators; shown as `482 193 5710`.
    pub code: String,
    /// What the customer opens: `https://…/join#4821935710`.
    pub link: String,
    /// The session.
    pub session: SessionSnapshot,
}

/// `GET /sessions`: the caller's own sessions that have not ended, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<SessionCreated>,
}

/// `POST /join`, no sign-in. The code is used up by success; a wrong one counts against the caller's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Join {
    /// The digits; spaces and dashes are ignored.
    pub code: String,
}

/// The answer to [`Join`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
}

/// How to reach the media service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
