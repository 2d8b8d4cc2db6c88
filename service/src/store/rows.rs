//! What the rows mean.

use std::fmt;

use farhand_protocol::ParticipantId;
use farhand_protocol::api::UserRole;
use farhand_protocol::session::{EndReason, Role};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// A tenant's identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tenant(pub String);

impl Tenant {
    /// What belongs to the installation and to no tenant: audit rows of failures by strangers.
    #[must_use]
    pub fn none() -> Self {
        Self(String::new())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Identifier within the tenant.
    pub id: String,
    /// E-mail address, as it is compared: trimmed and in lower case.
    pub email: String,
    /// Name as customers see it.
    pub name: String,
    /// Role.
    pub role: UserRole,
}

/// A user that is made or whose password is set.
#[derive(Clone)]
pub struct UserWithPassword {
    /// The user.
    pub user: UserRow,
    /// The password's hash in PHC form.
    pub password_hash: String,
}

/// A sign-in.
#[derive(Clone)]
pub struct SignInRow {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose.
    pub user: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub expires_at: u64,
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Identifier.
    pub id: String,
    /// The user who started it.
    pub owner: String,
    /// Ten digits.
    pub code: String,
    /// Milliseconds since 1970.
    pub code_expires_at: u64,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// `waiting`, `claimed`, `live`, `interrupted` or `ended`.
    pub state: String,
    /// The snapshot's revision.
    pub revision: u64,
    /// How it ended.
    pub ended: Option<Ended>,
}

/// The end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Milliseconds since 1970.
    pub at: u64,
    /// Why.
    pub reason: EndReason,
}

/// A participant.
#[derive(Clone, PartialEq, Eq)]
pub struct ParticipantRow {
    /// The session.
    pub session: String,
    /// Identifier within it.
    pub id: ParticipantId,
    /// Role.
    pub role: Role,
    /// Name for people.
    pub name: String,
    /// Organisation for people.
    pub organisation: String,
    /// How it authenticates.
    pub secret: ParticipantSecret,
}

/// How a participant proves to be itself.
#[derive(Clone, PartialEq, Eq)]
pub enum ParticipantSecret {
    /// By this user's sign-in.
    User(String),
    /// By the token whose SHA-256 this is.
    Token([u8; 32]),
}

/// Who did what, when, with what outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    /// Milliseconds since 1970.
    pub at: u64,
    /// `user:<id>`, `agent`, `service` or `anonymous`.
    pub actor: String,
    /// Such as `sign_in`.
    pub action: String,
    /// The session it concerns.
    pub session: Option<String>,
    /// `ok`, or the code of the refusal.
    pub outcome: String,
    /// Where from; empty for the service itself.
    pub address: String,
    /// Further facts; never a secret.
    pub detail: String,
}

pub(super) fn role_name(role: UserRole) -> &'static str {
    match role {
        UserRole::Administrator => "administrator",
        UserRole::Technician => "technician",
    }
}

pub(super) fn role_of(name: &str) -> Result<UserRole, StoreError> {
    match name {
        "administrator" => Ok(UserRole::Administrator),
        "technician" => Ok(UserRole::Technician),
        _ => Err(StoreError::Unreadable { what: "role" }),
    }
}

pub(super) fn participant_role_name(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Technician => "technician",
        // Nobody joins with it; it reads back as nothing.
        Role::Unknown => "unknown",
    }
}

pub(super) fn participant_role_of(name: &str) -> Result<Role, StoreError> {
    match name {
        "agent" => Ok(Role::Agent),
        "technician" => Ok(Role::Technician),
        _ => Err(StoreError::Unreadable { what: "participant's role" }),
    }
}

/// The reason's name, as on the wire.
pub(super) fn reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Technician => "technician",
        EndReason::Customer => "customer",
        EndReason::Refused => "refused",
        EndReason::CodeExpired => "code_expired",
        EndReason::Lost => "lost",
        EndReason::Service => "service",
        EndReason::Unknown => "unknown",
    }
}

/// A column of time or count: never negative, never beyond 63 bits.
pub(super) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(super) fn to_hash(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Unreadable { what: "token hash" })
}
