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
    /// A tenant's audit chain: exported with it, and let go as a whole by the writer, which says so in the
    /// installation's chain.
    Chain,
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
        columns: &[
            ("name", Kind::Text),
            ("created_at", Kind::Number),
            ("password_rule", Kind::Text),
            ("second_method", Kind::Number),
            ("domain", Kind::Text),
            ("domain_proof", Kind::Text),
            ("domain_verified_at", Kind::Number),
            ("domain_problem", Kind::Text),
            ("domain_lost_at", Kind::Number),
            ("logo", Kind::Bytes),
        ],
    },
    Table {
        name: "technician_groups",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[("name", Kind::Text), ("policy", Kind::Text), ("created_at", Kind::Number)],
    },
    Table {
        name: "users",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[
            ("email", Kind::Text),
            ("open_name", Kind::Text),
            ("name", Kind::Sealed),
            ("role", Kind::Text),
            ("password_hash", Kind::SecretText),
            ("created_at", Kind::Number),
            ("group_id", Kind::Text),
            ("locked", Kind::Number),
            ("signed_in_at", Kind::Number),
            ("totp_secret", Kind::SealedSecret),
            ("totp_at", Kind::Number),
            ("totp_step", Kind::Number),
            ("totp_offered", Kind::SealedSecret),
        ],
    },
    Table {
        name: "sign_ins",
        whose: Whose::Tenant,
        key: &[("token_hash", Kind::SecretBytes)],
        columns: &[
            ("user_id", Kind::Text),
            ("created_at", Kind::Number),
            ("expires_at", Kind::Number),
            ("id", Kind::Text),
            ("seen_at", Kind::Number),
            ("address", Kind::Text),
            ("program", Kind::Text),
            ("methods", Kind::Text),
        ],
    },
    Table {
        name: "passkeys",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[
            ("user_id", Kind::Text),
            ("credential", Kind::SecretBytes),
            ("algorithm", Kind::Number),
            ("public_key", Kind::SecretBytes),
            ("counter", Kind::Number),
            ("name", Kind::Sealed),
            ("added_at", Kind::Number),
            ("used_at", Kind::Number),
        ],
    },
    Table {
        name: "recovery_codes",
        whose: Whose::Tenant,
        key: &[("user_id", Kind::Text), ("code_hash", Kind::SecretBytes)],
        columns: &[],
    },
    Table {
        name: "invitations",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[
            ("token_hash", Kind::SecretBytes),
            ("email", Kind::Sealed),
            ("name", Kind::Sealed),
            ("role", Kind::Text),
            ("group_id", Kind::Text),
            ("created_at", Kind::Number),
            ("expires_at", Kind::Number),
        ],
    },
    Table {
        name: "password_resets",
        whose: Whose::Tenant,
        key: &[("user_id", Kind::Text)],
        columns: &[("token_hash", Kind::SecretBytes), ("expires_at", Kind::Number)],
    },
    Table {
        name: "outbox",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[
            ("recipient", Kind::Sealed),
            ("subject", Kind::Text),
            // It may hold a link that opens an account.
            ("body", Kind::SealedSecret),
            ("state", Kind::Text),
            ("tries", Kind::Number),
            ("next_at", Kind::Number),
            ("created_at", Kind::Number),
            ("error", Kind::Text),
        ],
    },
    Table {
        name: "api_keys",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[
            ("token_hash", Kind::SecretBytes),
            ("name", Kind::Text),
            ("scopes", Kind::Text),
            ("created_by", Kind::Text),
            ("created_at", Kind::Number),
            ("expires_at", Kind::Number),
            ("used_at", Kind::Number),
        ],
    },
    Table {
        name: "canned_replies",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[("title", Kind::Sealed), ("text", Kind::Sealed), ("changed_at", Kind::Number)],
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
            ("joined_at", Kind::Number),
            ("policy", Kind::Text),
            ("back_until", Kind::Number),
        ],
    },
    Table {
        name: "participants",
        whose: Whose::Session("session"),
        key: &[("session", Kind::Text), ("participant", Kind::Number)],
        columns: &[
            ("role", Kind::Text),
            ("name", Kind::Sealed),
            ("organisation", Kind::Sealed),
            ("user_id", Kind::Text),
            ("token_hash", Kind::SecretBytes),
        ],
    },
    Table {
        name: "receipt_keys",
        whose: Whose::Tenant,
        key: &[],
        columns: &[("public_key", Kind::Bytes), ("made_at", Kind::Number), ("made_by", Kind::Text)],
    },
    Table {
        name: "receipts",
        whose: Whose::Session("session"),
        key: &[("session", Kind::Text)],
        columns: &[("number", Kind::Text), ("at", Kind::Number), ("letter", Kind::Bytes)],
    },
    Table {
        name: "session_notes",
        whose: Whose::Session("session"),
        key: &[("session", Kind::Text)],
        columns: &[("result", Kind::Text), ("note", Kind::Sealed), ("at", Kind::Number)],
    },
    Table {
        name: "chats",
        whose: Whose::Session("session"),
        key: &[("session", Kind::Text)],
        columns: &[("at", Kind::Number), ("letter", Kind::Bytes)],
    },
    Table {
        name: "audit_entries",
        whose: Whose::Chain,
        key: &[("number", Kind::Number)],
        columns: &[
            ("at", Kind::Number),
            ("actor", Kind::Text),
            ("action", Kind::Text),
            ("session", Kind::Text),
            ("outcome", Kind::Text),
            ("security", Kind::Number),
            ("address", Kind::SealedForGood),
            ("detail", Kind::SealedForGood),
            ("previous", Kind::Bytes),
        ],
    },
    Table {
        name: "audit_heads",
        whose: Whose::Chain,
        key: &[],
        columns: &[
            ("first_number", Kind::Number),
            ("base", Kind::Bytes),
            ("last_number", Kind::Number),
            ("hash", Kind::Bytes),
            ("broken_at", Kind::Number),
            ("key_version", Kind::Number),
            ("mac", Kind::SecretBytes),
        ],
    },
    Table {
        name: "alert_targets",
        whose: Whose::Tenant,
        key: &[("id", Kind::Text)],
        columns: &[
            ("kind", Kind::Text),
            ("target", Kind::Sealed),
            ("sent_number", Kind::Number),
            ("failures", Kind::Number),
            ("retry_at", Kind::Number),
            ("created_at", Kind::Number),
        ],
    },
    Table {
        name: "window_rules",
        whose: Whose::Tenant,
        key: &[],
        columns: &[("rules", Kind::Sealed), ("changed_at", Kind::Number)],
    },
    Table {
        name: "retention",
        whose: Whose::Tenant,
        key: &[],
        columns: &[("days", Kind::Number), ("subscription_ends_at", Kind::Number)],
    },
    Table {
        name: "deletions",
        whose: Whose::Record,
        key: &[("id", Kind::Text)],
        columns: &[
            ("subject", Kind::Text),
            ("sessions", Kind::Text),
            ("requested_by", Kind::Text),
            ("requested_at", Kind::Number),
            ("due_at", Kind::Number),
            ("done_at", Kind::Number),
            ("statement", Kind::Text),
            ("signature", Kind::Text),
        ],
    },
    Table {
        name: "signing_keys",
        whose: Whose::Installation,
        key: &[("id", Kind::Text)],
        columns: &[("pkcs8", Kind::SealedSecret), ("created_at", Kind::Number)],
    },
];
