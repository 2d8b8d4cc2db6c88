//! What the database holds, table by table and column by column. Export, deletion and sealing again go by this list, and
//! a test holds it against the database's own, so that no new table can be left out of them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// TEXT that may be exported as it stands.
    Text,
    /// BIGINT that may be exported as it stands.
    Number,
    /// BLOB that may be exported, as lower-case hex.
    Bytes,
    /// BLOB sealed by the vault, whose content is text: exported open.
    Sealed,
    /// BLOB sealed by the vault that leaves the service for nobody, such as a TOTP secret: sealed again, never exported.
    SealedSecret,
    /// BLOB sealed by the vault that stands in a chain and is never changed: exported open, not sealed again.
    SealedForGood,
    /// TEXT of which only the service has use, such as a password's hash: never exported.
    SecretText,
    /// BLOB of which only the service has use, such as a token's hash: never exported.
    SecretBytes,
}

/// A column and what it holds.
pub type Column = (&'static str, Kind);

/// Whose a table's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A tenant's: exported with it and deleted with it. The key begins with `tenant`.
    Tenant,
    /// A session's of a tenant: exported with the customer of that session too. Names the column with the session.
    Session(&'static str),
    /// A tenant's, but kept after its deletion, as the record of it.
    Record,
    /// The installation's.
    Installation,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Whose its rows are.
    pub whose: Whose,
    /// The primary key's columns besides `tenant`, in their order. A sealed value's row is these, joined by `/`.
    pub key: &'static [Column],
    /// Every other column besides `tenant`.
    pub columns: &'static [Column],
}

/// Every table, those that refer to others after them.
pub const TABLES: &[Table] = &[
    Table {
        name: "tenants",
        whose: Whose::Tenant,
        key: &[],
        columns: &[("name", Kind::Text), ("created_at", Kind::Number)],
    },
    Table {
        name: "users",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[
            ("email", Kind::Text),
            ("name", Kind::Text),
            ("role", Kind::Text),
            ("password_hash", Kind::SecretText),
            ("created_at", Kind::Number),
        ],
    },
    Table {
        name: "sign_ins",
        whose: Whose::Tenant,
        key: &[("token_hash", Kind::SecretBytes)],
        columns: &[("user_id", Kind::Text), ("created_at", Kind::Number), ("expires_at", Kind::Number)],
    },
    Table {
        name: "sessions",
        whose: Whose::Session("id"),
        key: &[("id", Kind::Text)],
        columns: &[
            ("owner", Kind::Text),
            ("code", Kind::SecretText),
            ("code_expires_at", Kind::Number),
            ("created_at", Kind::Number),
            ("state", Kind::Text),
            ("revision", Kind::Number),
            ("ended_at", Kind::Number),
            ("end_reason", Kind::Text),
        ],
    },
    Table {
        name: "participants",
        whose: Whose::Session("session"),
        key: &[("session", Kind::Text), ("participant", Kind::Number)],
        columns: &[
            ("role", Kind::Text),
            ("name", Kind::Text),
            ("organisation", Kind::Text),
            ("user_id", Kind::Text),
            ("token_hash", Kind::SecretBytes),
        ],
    },
];
