//! What anybody may know of the service.

use serde::{Deserialize, Serialize};

/// `GET /service`: what anybody may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ServiceInfo {
    /// The program's version.
    pub version: String,
    /// Whether a demo customer's computer is waiting (only with `farhand serve --demo`).
    pub demo: bool,
    /// Whether the agent can be downloaded from `/download/…`.
    pub download: bool,
    /// Signed releases of the agent for download, the newest of each kind.
    #[serde(default)]
    pub downloads: Vec<OfferedDownload>,
    /// Who signs them: minisign's public key. None where nothing signed is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub release_key: Option<String>,
    /// Who signs start tokens: the installation's Ed25519 key, in base64.
    #[serde(default)]
    pub start_key: String,
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

/// A signed release of the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct OfferedDownload {
    /// System, processor and kind, such as `windows-x86_64-exe`, `macos-aarch64-pkg` or `linux-x86_64-deb`.
    pub target: String,
    /// Its version.
    pub version: String,
    /// The file's name: `/download/farhand-agent/FILE`, with its signature at `/download/farhand-agent/TARGET.minisig`.
    pub file: String,
    /// Its size in bytes.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub size: u64,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
}

/// `POST /start-token`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StartTokenFor {
    /// A code's first six digits.
    pub number: String,
}

/// Says for which session of which service a start of the agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StartToken {
    /// The token, for a link `farhand:start/TOKEN#REST`, of which the rest stays in the customer's browser.
    pub token: String,
    /// Until when it is good, in milliseconds since 1970.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires_at: u64,
}
