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
