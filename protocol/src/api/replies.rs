//! What an organisation's technicians often say in the chat, written once.

use serde::{Deserialize, Serialize};

/// Characters of a canned reply's title.
pub const MAX_REPLY_TITLE: usize = 100;
/// Characters of a canned reply. It fits into one message of the chat, whatever its letters.
pub const MAX_REPLY_TEXT: usize = 1000;
/// Canned replies of an organisation.
pub const MAX_REPLIES: usize = 500;

/// `GET /canned-replies`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CannedReplies {
    /// By title.
    pub replies: Vec<CannedReply>,
}

/// A canned reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CannedReply {
    /// Identifier.
    pub id: String,
    /// What it is found by, at most 100 characters.
    pub title: String,
    /// What is said, at most 1,000 characters.
    pub text: String,
}

/// `POST /canned-replies` and `PUT /canned-replies/{id}`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutCannedReply {
    /// What it is found by, at most 100 characters.
    pub title: String,
    /// What is said, at most 1,000 characters.
    pub text: String,
}
