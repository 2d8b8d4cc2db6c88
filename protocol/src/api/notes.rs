//! What the technician writes down of a session: a note, and what came out of it.

use serde::{Deserialize, Serialize};

/// Characters of a session's note.
pub const MAX_NOTE: usize = 4000;

/// What came out of a session, as its technician sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum SessionResult {
    /// The problem is solved.
    Solved,
    /// It is not.
    NotSolved,
    /// Something is still to be done.
    FollowUp,
    /// Somebody else goes on with it.
    PassedOn,
}

impl SessionResult {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Solved, Self::NotSolved, Self::FollowUp, Self::PassedOn];
}

/// `GET /sessions/{id}/note`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionNote {
    /// What came out of it; left out while nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub result: Option<SessionResult>,
    /// The note; empty while there is none.
    pub note: String,
    /// When it was written last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub at: Option<u64>,
}

/// `PUT /sessions/{id}/note`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutSessionNote {
    /// What came out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub result: Option<SessionResult>,
    /// The note, at most 4,000 characters; empty for none.
    pub note: String,
}
