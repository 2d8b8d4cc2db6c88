//! Sessions that were, and the report over them (O7).

use serde::{Deserialize, Serialize};

use super::SessionResult;
use crate::session::EndReason;

/// `GET /history?from=&to=&technician=&outcome=&result=&search=&before=&limit=`: sessions, newest first. An administrator sees
/// everybody's, a technician their own. `search` looks in technicians' names and in notes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct History {
    /// The sessions.
    pub sessions: Vec<PastSession>,
    /// What to give as `before` for the next page; left out on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub next: Option<String>,
}

/// A session that was, or is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PastSession {
    /// Identifier.
    pub id: String,
    /// The technician's identifier.
    pub technician: String,
    /// The technician's name, or what it was when they were removed.
    pub technician_name: String,
    /// When it was made.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
    /// When the customer joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub joined_at: Option<u64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub ended_at: Option<u64>,
    /// How it ended; left out while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<EndReason>,
    /// Whether it was to be recorded.
    pub recorded: bool,
    /// What came out of it, as its technician wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub result: Option<SessionResult>,
    /// The technician's note; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub note: Option<String>,
    /// Whether its chat is kept, sealed to the organisation's key.
    pub chat: bool,
}

/// `GET /report?from=&to=` (times; at most 366 days), and as CSV at `GET /report.csv`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Report {
    /// A row for each day, technician and outcome that occurred; by day.
    pub rows: Vec<ReportRow>,
}

/// Sessions of one technician on one day with one outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReportRow {
    /// Such as `2026-11-21`, in UTC.
    pub day: String,
    /// The technician's identifier.
    pub technician: String,
    /// The technician's name.
    pub technician_name: String,
    /// How they ended; left out for those that are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub outcome: Option<EndReason>,
    /// How many.
    pub sessions: u32,
    /// How many of them a customer joined.
    pub joined: u32,
    /// Seconds from joining to the end, of all of them.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seconds: u64,
    /// How many of them were solved, as their technicians wrote down.
    pub solved: u32,
    /// How many were not.
    pub not_solved: u32,
    /// How many left something to be done.
    pub follow_up: u32,
    /// How many somebody else goes on with.
    pub passed_on: u32,
}
