//! The methods by which a user proves to be themselves (I3).

use serde::{Deserialize, Serialize};

/// One method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The password.
    Password,
    /// Six digits of an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// A recovery code, once each.
    Recovery,
}

/// `GET /me/methods`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Methods {
    /// When the authenticator app was added, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub totp: Option<u64>,
    /// Passkeys.
    pub passkeys: Vec<Passkey>,
    /// Recovery codes that are left; they exist while there is an app or a passkey.
    pub recovery_codes: u32,
    /// Whether the organisation demands two methods.
    pub demanded: bool,
}

/// A passkey of the user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Passkey {
    /// Identifier, for `POST /me/methods/passkeys/{id}/remove`.
    pub id: String,
    /// The name that the user gave it.
    pub name: String,
    /// When it was added.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub added_at: u64,
    /// When it was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub used_at: Option<u64>,
}

/// `POST /me/methods/totp`, `/me/methods/totp/remove`, `/me/methods/passkeys`, `/me/methods/passkeys/{id}/remove`,
/// `/me/methods/recovery`: whoever changes methods types the password again.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct WithPassword {
    /// The password.
    pub password: String,
}

/// The answer to `POST /me/methods/totp`. The app counts after `POST /me/methods/totp/confirm`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct TotpBegun {
    /// The secret in Base32, for typing in.
    pub secret: String,
    /// `otpauth://…`, for opening an app on the same device.
    pub uri: String,
    /// The same as a QR code: an SVG document, black on white.
    pub qr: String,
}

/// `POST /me/methods/totp/confirm`. The answer is [`MethodAdded`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfirmTotp {
    /// Six digits that the app shows.
    pub code: String,
}

/// The answer to `POST /me/methods/passkeys`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasskeyBegun {
    /// Names this step.
    pub ticket: String,
    /// `PublicKeyCredentialCreationOptions` as JSON, for `navigator.credentials.create({ publicKey })`.
    #[cfg_attr(feature = "ts", ts(type = "unknown"))]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub options: serde_json::Value,
}

/// `POST /me/methods/passkeys/confirm`. The answer is [`MethodAdded`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ConfirmPasskey {
    /// From [`PasskeyBegun`].
    pub ticket: String,
    /// A name for the list, such as "Work laptop".
    pub name: String,
    /// The browser's answer.
    pub passkey: PasskeyAttestation,
}

/// What `navigator.credentials.create` gave; each is base64url without padding.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasskeyAttestation {
    /// `credential.rawId`.
    pub id: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.attestationObject`.
    pub attestation: String,
}

/// What `navigator.credentials.get` gave; each is base64url without padding.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PasskeyAssertion {
    /// `credential.rawId`.
    pub id: String,
    /// `response.clientDataJSON`.
    pub client_data: String,
    /// `response.authenticatorData`.
    pub authenticator_data: String,
    /// `response.signature`.
    pub signature: String,
    /// `response.userHandle`, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub user: Option<String>,
}

/// A method was added. The sign-in was replaced by a new one.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MethodAdded {
    /// Ten recovery codes, with the first method; shown this once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<String>>"))]
    pub recovery_codes: Vec<String>,
    /// The new sign-in.
    pub signed_in: super::SignedIn,
}

/// The answer to `POST /me/methods/recovery`: ten new codes in place of the old; shown this once.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}
