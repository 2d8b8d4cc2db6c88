//! Mail that is to be sent, or would be if the service could send mail.

use serde::{Deserialize, Serialize};

/// `GET /outbox`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Outbox {
    /// Whether the service can send mail. Without it the mails stay here, for the administrator to hand on.
    pub sending: bool,
    /// Newest first, at most 200.
    pub mails: Vec<Mail>,
}

/// A mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Mail {
    /// Identifier.
    pub id: String,
    /// To whom.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// The text, with its link; left out where the service sends mail itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub text: Option<String>,
    /// Where it stands.
    pub state: MailState,
    /// How often sending was tried.
    pub tries: u32,
    /// What the mail server said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub error: Option<String>,
    /// When it was written.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
}

/// Where a mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// To be sent, or tried again.
    Waiting,
    /// Sent.
    Sent,
    /// Given up after many tries.
    Failed,
}
