//! Set-up, sign-in, one's own account.

use serde::{Deserialize, Serialize};

use super::{Method, PasskeyAssertion, Policy};

/// `POST /setup`: the one-time set-up link's form. Gone (404) after use.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SetUp {
    /// From the printed link's fragment.
    pub token: String,
    /// The organisation's name.
    pub organisation: String,
    /// The first administrator's name, as customers will see it.
    pub name: String,
    /// The first administrator's e-mail address.
    pub email: String,
    /// At least 8 characters with letters and digits (I2).
    pub password: String,
}

/// `POST /sign-in`. Sets the `__Host-farhand` cookie, and returns the token for programs that keep it themselves.
/// The answer is 200 with [`SignedIn`], or 202 with [`SecondStep`] when another method is to follow.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignIn {
    /// E-mail address (I1).
    pub email: String,
    /// Password.
    pub password: String,
}

/// The sign-in is half done: one of these methods follows at `POST /sign-in/second`, within five minutes.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SecondStep {
    /// Names this sign-in; good for a few tries.
    pub ticket: String,
    /// What may follow.
    pub methods: Vec<Method>,
    /// `PublicKeyCredentialRequestOptions` as JSON, when a passkey may follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "unknown"))]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub passkey: Option<serde_json::Value>,
}

/// `POST /sign-in/second`: the ticket and exactly one of the rest. The answer is [`SignedIn`].
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SecondFactor {
    /// From [`SecondStep`].
    pub ticket: String,
    /// Six digits of the authenticator app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub totp: Option<String>,
    /// One of the ten recovery codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub recovery: Option<String>,
    /// The password, after a passkey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub password: Option<String>,
    /// A passkey's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub passkey: Option<PasskeyAssertion>,
}

/// `POST /sign-in/passkey`: what to ask the browser for. No account is named: the passkey knows it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasskeyChallenge {
    /// Names this sign-in.
    pub ticket: String,
    /// `PublicKeyCredentialRequestOptions` as JSON, for `navigator.credentials.get({ publicKey })`.
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub options: serde_json::Value,
}

/// `POST /sign-in/passkey/finish`. The answer is 200 with [`SignedIn`], or 202 with [`SecondStep`] where the
/// organisation demands two methods.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasskeySignIn {
    /// From [`PasskeyChallenge`].
    pub ticket: String,
    /// The browser's answer.
    pub passkey: PasskeyAssertion,
}

/// Somebody is signed in: the answer to every step that ends in a new sign-in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignedIn {
    /// Opaque bearer token; present only when the request asks with `Farhand-Token: bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub token: Option<String>,
    /// Who signed in.
    pub user: User,
}

/// `GET /me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct User {
    /// Identifier.
    pub id: String,
    /// Name as customers see it.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The tenant's name.
    pub organisation: String,
    /// Role (I5).
    pub role: UserRole,
    /// The organisation demands two methods and this user has one: nothing but `/me…` and `/sign-out` answers until a
    /// second one is added; everything else is 403 `method_needed`.
    #[serde(default)]
    pub must_add_method: bool,
    /// What this user may do in sessions: the policy of their group.
    #[serde(default)]
    pub policy: Policy,
}

/// What a signed-in user may do (I5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    /// Manages technicians; starts sessions too.
    Administrator,
    /// Starts sessions.
    Technician,
}

/// `PATCH /me`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChangeMe {
    /// Name as customers see it.
    pub name: String,
}

/// `POST /me/password`. Every other sign-in of the user ends; the answer is [`SignedIn`] with a new one.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChangePassword {
    /// The one that is in use.
    pub current: String,
    /// The new one.
    pub new: String,
}

/// `GET /me/sign-ins` and `GET /people/{id}/sign-ins`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignInList {
    /// Those that stand, newest first.
    pub sign_ins: Vec<StandingSignIn>,
}

/// A sign-in that stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct StandingSignIn {
    /// Identifier, for `DELETE /me/sign-ins/{id}`.
    pub id: String,
    /// Whether the request came by this one.
    pub this: bool,
    /// When.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
    /// When it was used last, within a minute.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub seen_at: u64,
    /// When it ends whatever happens.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub expires_at: u64,
    /// Where from.
    pub address: String,
    /// The browser or program, such as `Firefox on Linux`; empty when it did not say.
    pub program: String,
    /// By which methods.
    pub methods: Vec<Method>,
}

/// `POST /invitation`: what an invitation's link says. The link is `https://…/invitation#token`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ShowInvitation {
    /// From the link's fragment.
    pub token: String,
}

/// The answer to [`ShowInvitation`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InvitationShown {
    /// Who invites.
    pub organisation: String,
    /// The address that was invited.
    pub email: String,
    /// The name that the inviter gave; may be empty.
    pub name: String,
    /// The rule for the password to be chosen.
    pub password_rule: super::PasswordRule,
}

/// `POST /invitation/accept`: makes the account. The answer is [`SignedIn`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AcceptInvitation {
    /// From the link's fragment.
    pub token: String,
    /// Name as customers will see it.
    pub name: String,
    /// The password.
    pub password: String,
}

/// `POST /password-reset`. The answer is 202 whether or not there is such a user.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AskReset {
    /// E-mail address.
    pub email: String,
}

/// `POST /password-reset/finish`, from the link `https://…/reset#token`. Ends every sign-in of the user; 204, then
/// sign in as usual.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FinishReset {
    /// From the link's fragment.
    pub token: String,
    /// The new password.
    pub password: String,
}
