//! The people of an organisation, and invitations.

use serde::{Deserialize, Serialize};

use super::UserRole;

/// `GET /people`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct People {
    /// By name.
    pub people: Vec<Person>,
    /// Invitations that wait, newest first.
    pub invitations: Vec<Invitation>,
}

/// One of them; `GET` and `PATCH /people/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Person {
    /// Identifier.
    pub id: String,
    /// Name as customers see it.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role.
    pub role: UserRole,
    /// The group's identifier, or empty.
    pub group: String,
    /// An administrator locked the account: it cannot sign in.
    pub locked: bool,
    /// Too many sign-ins failed; until then the password is not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub paused_until: Option<u64>,
    /// Whether an authenticator app is set up.
    pub totp: bool,
    /// How many passkeys there are.
    pub passkeys: u32,
    /// When the account was made.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
    /// The last sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub signed_in_at: Option<u64>,
}

/// `PATCH /people/{id}`; what is left out stays.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChangePerson {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub name: Option<String>,
    /// Role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub role: Option<UserRole>,
    /// The group's identifier; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub group: Option<String>,
    /// Whether the account is locked. Locking ends its sign-ins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub locked: Option<bool>,
}

/// `POST /invitations`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Invite {
    /// The address.
    pub email: String,
    /// Name, if known.
    #[serde(default)]
    pub name: String,
    /// Role.
    pub role: UserRole,
    /// The group's identifier; empty for none.
    #[serde(default)]
    pub group: String,
}

/// An invitation that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Invitation {
    /// Identifier.
    pub id: String,
    /// The address.
    pub email: String,
    /// Name, or empty.
    pub name: String,
    /// Role.
    pub role: UserRole,
    /// The group's identifier, or empty.
    pub group: String,
    /// When it was made, or sent again.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
    /// When its link ends.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires_at: u64,
}
