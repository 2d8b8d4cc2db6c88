//! Content: how long it is kept, its export and its deletion (O4, O5).

use serde::{Deserialize, Serialize};

/// `GET /data`. The archive of everything is at `GET /data/export`, of one session at `GET /data/export?session=`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct DataOverview {
    /// Ended sessions and what belongs to them are deleted after this many days; left out: kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retention_days: Option<u32>,
    /// When the subscription ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub subscription_ends_at: Option<u64>,
    /// When everything is deleted by itself, 90 days after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub deleted_at: Option<u64>,
    /// Sessions kept now.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub sessions: u64,
    /// Audit entries kept now.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub audit_entries: u64,
    /// Deletions done, newest first.
    pub deletions: Vec<Deletion>,
}

/// `PUT /data/retention`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutRetention {
    /// 1 to 3650; left out: keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub days: Option<u32>,
}

/// `POST /data/deletion`: done at once. The answer is [`Deletion`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Delete {
    /// One session's content; left out for all sessions of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub session: Option<String>,
    /// The organisation's name, typed again.
    pub confirm: String,
}

/// A deletion that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Deletion {
    /// Identifier.
    pub id: String,
    /// When it was asked for.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub asked_at: u64,
    /// When it was done.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub done_at: u64,
    /// What was deleted, in numbers.
    pub summary: String,
    /// A text that confirms it, with the service's signature.
    pub confirmation: String,
}
