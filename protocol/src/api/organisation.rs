//! The organisation itself: a tenant.

use serde::{Deserialize, Serialize};

/// The rule for passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PasswordRule {
    /// At least 8 characters, with letters and digits (I2).
    #[default]
    Standard,
    /// At least 15 characters, or 8 with a second method; no rule of composition.
    Nist,
}

/// `GET /organisation`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Organisation {
    /// Identifier.
    pub id: String,
    /// Name as customers see it.
    pub name: String,
    /// Whether there is a logo, at `GET /organisation/logo`.
    pub logo: bool,
    /// The rule for new passwords.
    pub password_rule: PasswordRule,
    /// Whether every user must have two methods (I3).
    pub second_method_demanded: bool,
    /// Users with one method only, who are kept out until they add another once that is demanded.
    pub people_with_one_method: u32,
    /// The domain, once named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub domain: Option<Domain>,
    /// When the organisation was made.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub created_at: u64,
    /// When the subscription ends; content is deleted 90 days later (O5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub subscription_ends_at: Option<u64>,
}

/// `PATCH /organisation`; what is left out stays.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ChangeOrganisation {
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub name: Option<String>,
    /// The rule for new passwords.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub password_rule: Option<PasswordRule>,
    /// Whether every user must have two methods. The one who switches it on must have two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub second_method_demanded: Option<bool>,
}

/// `PUT /organisation/subscription` (I5: the administrator changes subscription data).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutSubscription {
    /// When it ends; left out for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub ends_at: Option<u64>,
}

/// `POST /organisation/domain`: names a domain, to be proven. The answer is [`Domain`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutDomain {
    /// Such as `example.org`.
    pub name: String,
}

/// A domain and how to prove it: by either way. `POST /organisation/domain/check` looks, and answers this too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Domain {
    /// Such as `example.org`.
    pub name: String,
    /// When it was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub verified_at: Option<u64>,
    /// Until when it is still shown as proven, where the proof is missing by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub shown_until: Option<u64>,
    /// The name of the TXT record.
    pub txt_name: String,
    /// What the TXT record holds, or the file.
    pub value: String,
    /// The address of the file.
    pub file_url: String,
    /// What the last look found, when it did not find the proof: `nothing`, `no_record`, `other_record`, `no_file`,
    /// `other_file`, `unreachable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub problem: Option<String>,
}
