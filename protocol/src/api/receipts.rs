//! Receipts, sealed to a key of the organisation's.

use serde::{Deserialize, Serialize};

/// `GET /receipt-key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReceiptKey {
    /// X25519, 64 hex digits; left out while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub public_key: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional, type = "number"))]
    pub made_at: Option<u64>,
}

/// `PUT /receipt-key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct PutReceiptKey {
    /// X25519, 64 hex digits.
    pub public_key: String,
}

/// `GET /receipts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Receipts {
    /// Newest first.
    pub receipts: Vec<ReceiptKept>,
}

/// A receipt that is kept, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ReceiptKept {
    /// Of this session.
    pub session: String,
    /// For comparing with the customer's copy: 32 hex digits.
    pub number: String,
    /// When it was kept.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
}
