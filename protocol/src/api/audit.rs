//! The audit log: who did what, when, where from.

use serde::{Deserialize, Serialize};

/// `GET /audit?from=&to=&actor=&action=&outcome=&session=&security=&before=&limit=`, newest first; as JSON lines, oldest
/// first, at `GET /audit/export`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// What to give as `before` for the next page; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<String>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditEntry {
    /// Identifier; entries sort by it.
    pub id: String,
    /// When.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
    /// `user:<id>`, `key:<id>`, `agent`, `service`, `operator` or `anonymous`.
    pub actor: String,
    /// The name of the user or key, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub actor_name: Option<String>,
    /// What, such as `sign_in`.
    pub action: String,
    /// `ok`, or the code of the refusal.
    pub outcome: String,
    /// The session it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session: Option<String>,
    /// Where from; empty for the service itself.
    pub address: String,
    /// Further facts.
    pub detail: String,
    /// Whether it is a security event: a lock, a throttle, a foreign Origin, a refused ticket, a tampered token.
    pub security: bool,
    /// Hash over this entry and the one before, lower-case hex.
    pub hash: String,
}

/// `GET /audit/verify`: whether the chain is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditVerified {
    /// Entries read.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub entries: u64,
    /// Whether nothing was changed, removed or reordered.
    pub whole: bool,
    /// The first entry at which it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub broken_at: Option<String>,
}

/// `GET` and `PUT /alerts`: where security events are reported, besides the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Alerts {
    /// An https address that gets each as a JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub webhook: Option<String>,
    /// Addresses that get a mail.
    pub emails: Vec<String>,
}
