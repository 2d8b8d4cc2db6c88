//! What the rows mean.

use std::fmt;

use farhand_protocol::ParticipantId;
use farhand_protocol::api::{MailState, Method, PasswordRule, Policy, Scope, SessionResult, UserRole};
use farhand_protocol::session::{EndReason, Role};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::identity::domain::Proven;
use crate::identity::passkey::PublicKey;
use crate::identity::totp::Secret;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInRow {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose.
    pub user: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub expires_at: u64,
    /// Identifier, which is no secret.
    pub id: String,
    /// When it was used last, milliseconds since 1970. Written by [`super::TenantStore::touch_sign_in`].
    pub seen_at: u64,
    /// Where from.
    pub address: String,
    /// By which program.
    pub program: String,
    /// By which methods.
    pub methods: Vec<Method>,
}

/// Who somebody is, with what their organisation and their group say.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who.
    pub user: UserRow,
    /// An administrator locked the account.
    pub locked: bool,
    /// Whether there is an authenticator app.
    pub totp: bool,
    /// How many passkeys there are.
    pub passkeys: u32,
    /// The organisation's name.
    pub organisation: String,
    /// Whether the organisation demands two methods.
    pub demanded: bool,
    /// What they may do in sessions.
    pub policy: Policy,
}

impl Standing {
    /// Whether there is a method besides the password.
    #[must_use]
    pub fn has_second(&self) -> bool {
        self.totp || self.passkeys > 0
    }
}

/// One of the people of an organisation.
#[derive(Clone, Debug)]
pub struct PersonRow {
    /// Who.
    pub user: UserRow,
    /// Their group.
    pub group: Option<String>,
    /// An administrator locked the account.
    pub locked: bool,
    /// Whether there is an authenticator app.
    pub totp: bool,
    /// Since when, milliseconds since 1970.
    pub totp_at: Option<u64>,
    /// How many passkeys there are.
    pub passkeys: u32,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub signed_in_at: Option<u64>,
}

/// A group.
#[derive(Clone, Debug)]
pub struct GroupRow {
    /// Identifier.
    pub id: String,
    /// Name.
    pub name: String,
    /// Policy.
    pub policy: Policy,
    /// How many people are in it.
    pub people: u32,
}

/// A user's authenticator app.
#[derive(Clone, Debug)]
pub struct TotpRow {
    /// The secret, once confirmed.
    pub secret: Option<Secret>,
    /// The last step that was accepted.
    pub step: u64,
    /// A secret that waits to be confirmed.
    pub offered: Option<Secret>,
}

/// A passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// Identifier.
    pub id: String,
    /// The credential's identifier.
    pub credential: Vec<u8>,
    /// Its public key.
    pub key: PublicKey,
    /// Its counter.
    pub counter: u32,
    /// The name that the user gave it.
    pub name: String,
    /// Milliseconds since 1970.
    pub added_at: u64,
    /// Milliseconds since 1970.
    pub used_at: Option<u64>,
}

/// The organisation.
#[derive(Clone, Debug)]
pub struct OrganisationRow {
    /// Name.
    pub name: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// The rule for passwords.
    pub rule: PasswordRule,
    /// Whether two methods are demanded.
    pub demanded: bool,
    /// Its domain.
    pub domain: Option<DomainRow>,
    /// Whether it has a logo.
    pub logo: bool,
}

/// An organisation's domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainRow {
    /// Name.
    pub name: String,
    /// What is to be found there.
    pub proof: String,
    /// When it was found, milliseconds since 1970.
    pub verified_at: Option<u64>,
    /// What the last look found instead.
    pub problem: Option<String>,
    /// Since when a proof that was there is missing, milliseconds since 1970.
    pub lost_at: Option<u64>,
}

impl DomainRow {
    /// How it stands.
    #[must_use]
    pub fn proven(&self) -> Proven {
        Proven { verified_at: self.verified_at, lost_at: self.lost_at }
    }
}

/// An invitation that waits.
#[derive(Clone, Debug)]
pub struct InvitationRow {
    /// Identifier.
    pub id: String,
    /// Address.
    pub email: String,
    /// Name, or empty.
    pub name: String,
    /// Role.
    pub role: UserRole,
    /// Group.
    pub group: Option<String>,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub expires_at: u64,
}

/// A mail.
#[derive(Clone, Debug)]
pub struct MailRow {
    /// Identifier.
    pub id: String,
    /// To whom.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// Where it stands.
    pub state: MailState,
    /// How often sending was tried.
    pub tries: u32,
    /// What the mail server said last.
    pub error: Option<String>,
    /// Milliseconds since 1970.
    pub created_at: u64,
}

/// An API key.
#[derive(Clone, Debug)]
pub struct ApiKeyRow {
    /// Identifier.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The user who made it.
    pub created_by: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub expires_at: u64,
    /// Milliseconds since 1970.
    pub used_at: Option<u64>,
}

/// A session that was.
#[derive(Clone, Debug)]
pub struct PastRow {
    /// Identifier.
    pub id: String,
    /// The user who started it.
    pub owner: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// Milliseconds since 1970.
    pub joined_at: Option<u64>,
    /// Milliseconds since 1970.
    pub ended_at: Option<u64>,
    /// How it ended.
    pub reason: Option<EndReason>,
    /// Whether it was to be recorded.
    pub recorded: bool,
    /// What came out of it.
    pub result: Option<SessionResult>,
    /// The technician's note; empty where there is none.
    pub note: String,
    /// Whether its chat is kept.
    pub chat: bool,
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
    /// When the customer joined, milliseconds since 1970.
    pub joined_at: Option<u64>,
    /// The ceiling that it began with.
    pub policy: Policy,
    /// The customer's computer restarts, and is expected back until then: milliseconds since 1970.
    pub back_until: Option<u64>,
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
    /// Whether it is a security event.
    pub security: bool,
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

/// The row that a participant's names are sealed for.
pub(super) fn participant_place(session: &str, participant: i64) -> String {
    format!("{session}/{participant}")
}

/// The reason's name, as on the wire.
pub(super) fn reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Technician => "technician",
        EndReason::Customer => "customer",
        EndReason::Refused => "refused",
        EndReason::Blocked => "blocked",
        EndReason::CodeExpired => "code_expired",
        EndReason::Lost => "lost",
        EndReason::Service => "service",
        EndReason::Unknown => "unknown",
    }
}

pub(super) fn reason_of(name: &str) -> EndReason {
    match name {
        "technician" => EndReason::Technician,
        "customer" => EndReason::Customer,
        "refused" => EndReason::Refused,
        "blocked" => EndReason::Blocked,
        "code_expired" => EndReason::CodeExpired,
        "lost" => EndReason::Lost,
        "service" => EndReason::Service,
        _ => EndReason::Unknown,
    }
}

/// A wire type's name, as JSON has it without its quotes.
fn plain_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => String::new(),
    }
}

fn plain_of<T: serde::de::DeserializeOwned>(name: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|_| StoreError::Unreadable { what })
}

/// Names of a list of wire types, with commas between.
pub(super) fn list_text<T: Serialize>(list: &[T]) -> String {
    list.iter().map(plain_name).collect::<Vec<_>>().join(",")
}

pub(super) fn list_of<T: serde::de::DeserializeOwned>(
    text: &str,
    what: &'static str,
) -> Result<Vec<T>, StoreError> {
    text.split(',').filter(|name| !name.is_empty()).map(|name| plain_of(name, what)).collect()
}

pub(super) fn rule_name(rule: PasswordRule) -> String {
    plain_name(&rule)
}

pub(super) fn rule_of(name: &str) -> Result<PasswordRule, StoreError> {
    plain_of(name, "password rule")
}

pub(super) fn mail_state_name(state: MailState) -> String {
    plain_name(&state)
}

pub(super) fn mail_state_of(name: &str) -> Result<MailState, StoreError> {
    plain_of(name, "state of a mail")
}

pub(super) fn result_name(result: SessionResult) -> String {
    plain_name(&result)
}

pub(super) fn result_of(name: &str) -> Result<SessionResult, StoreError> {
    plain_of(name, "result of a session")
}

/// A policy as it is kept.
pub(super) fn policy_text(policy: &Policy) -> String {
    serde_json::to_string(policy).expect("a policy is plain data")
}

/// Kept before there were policies: nothing is limited.
pub(super) fn policy_of(text: &str) -> Result<Policy, StoreError> {
    if text.is_empty() {
        return Ok(Policy::default());
    }
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable { what: "policy" })
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
