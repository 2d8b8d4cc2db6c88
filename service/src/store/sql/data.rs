//! Sentences about how long content is kept, and about its deletion; `$1` is the tenant, empty for the installation.

sentences! {
    /// How long content is kept.
    RETENTION = "SELECT days, subscription_ends_at FROM retention WHERE tenant = $1";
    /// Sets how many days ended sessions are kept.
    SET_DAYS = "INSERT INTO retention (tenant, days) VALUES ($1, $2) \
                ON CONFLICT (tenant) DO UPDATE SET days = excluded.days";
    /// Sets when the subscription ends.
    SET_SUBSCRIPTION_END = "INSERT INTO retention (tenant, subscription_ends_at) VALUES ($1, $2) \
                            ON CONFLICT (tenant) DO UPDATE SET subscription_ends_at = excluded.subscription_ends_at";
    /// Sessions kept.
    COUNT_SESSIONS = "SELECT COUNT(*) FROM sessions WHERE tenant = $1";
    /// Audit entries kept.
    COUNT_AUDIT = "SELECT COUNT(*) FROM audit_entries WHERE tenant = $1";
    /// Sessions that ended before a time.
    ENDED_BEFORE = "SELECT id FROM sessions WHERE tenant = $1 AND ended_at < $2 ORDER BY id LIMIT $3";
    /// Sessions that have not ended.
    OPEN = "SELECT id FROM sessions WHERE tenant = $1 AND ended_at IS NULL ORDER BY id";
    /// Asks for a deletion.
    ADD_DELETION = "INSERT INTO deletions (tenant, id, subject, sessions, requested_by, requested_at, due_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Confirms a deletion.
    CONFIRM_DELETION = "UPDATE deletions SET done_at = $3, statement = $4, signature = $5 \
                        WHERE tenant = $1 AND id = $2";
    /// Every deletion, newest first.
    DELETIONS = "SELECT id, subject, sessions, requested_by, requested_at, due_at, done_at, statement, signature \
                 FROM deletions WHERE tenant = $1 ORDER BY requested_at DESC, id LIMIT $2";
    /// One deletion.
    DELETION = "SELECT id, subject, sessions, requested_by, requested_at, due_at, done_at, statement, signature \
                FROM deletions WHERE tenant = $1 AND id = $2";
    /// Keeps the signing key, unless there is one.
    ADD_SIGNING_KEY = "INSERT INTO signing_keys (tenant, id, pkcs8, created_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (tenant, id) DO NOTHING";
    /// The signing key.
    SIGNING_KEY = "SELECT pkcs8 FROM signing_keys WHERE tenant = $1 AND id = $2";
}
