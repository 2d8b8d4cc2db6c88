//! API keys. No key can change credentials or start a session: there is no scope for it.

use serde::{Deserialize, Serialize};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Read people and groups.
    PeopleRead,
    /// Read the organisation.
    OrganisationRead,
    /// Read sessions and the report.
    SessionsRead,
    /// Read the audit log.
    AuditRead,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::PeopleRead, Self::OrganisationRead, Self::SessionsRead, Self::AuditRead];
}

/// `GET /api-keys`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ApiKeys {
    /// Newest first.
    pub keys: Vec<ApiKey>,
}

/// A key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ApiKey {
    /// Identifier.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who made it.
    pub created_by: String,
    /// When.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
    /// When it ends.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires_at: u64,
    /// When it was used last, within a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub used_at: Option<u64>,
}

/// `POST /api-keys`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct CreateApiKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// It ends after this many days, 1 to 366.
    pub days: u32,
}

/// The answer to [`CreateApiKey`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ApiKeyCreated {
    /// The key.
    pub key: ApiKey,
    /// What a program sends as `Authorization: Bearer`; shown this once.
    pub secret: String,
}
