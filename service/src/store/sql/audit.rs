//! Sentences about the audit chains; `$1` is the tenant, empty for the installation's own chain.

sentences! {
    /// The chain's head, locked until the transaction ends; made where there is none yet.
    LOCK_HEAD = "INSERT INTO audit_heads (tenant, first_number, base, last_number, hash, broken_at, key_version, mac) \
                 VALUES ($1, $2, $3, $4, $5, $6, 0, $7) \
                 ON CONFLICT (tenant) DO UPDATE SET last_number = audit_heads.last_number \
                 RETURNING first_number, base, last_number, hash, broken_at, key_version, mac";
    /// Moves the head.
    PUT_HEAD = "UPDATE audit_heads SET first_number = $2, base = $3, last_number = $4, hash = $5, broken_at = $6, \
                key_version = $7, mac = $8 WHERE tenant = $1";
    /// The head.
    HEAD = "SELECT first_number, base, last_number, hash, broken_at, key_version, mac FROM audit_heads \
            WHERE tenant = $1";
    /// Appends an entry.
    ADD = "INSERT INTO audit_entries (tenant, number, at, actor, action, session, outcome, security, address, detail, \
           previous) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// Entries in their order, after one.
    AFTER = "SELECT number, at, actor, action, session, outcome, security, address, detail, previous \
             FROM audit_entries WHERE tenant = $1 AND number > $2 ORDER BY number LIMIT $3";
    /// Entries that fit, newest first, before one. An empty word fits everything.
    PAGE = "SELECT number, at, actor, action, session, outcome, security, address, detail, previous \
            FROM audit_entries WHERE tenant = $1 AND number < $2 AND at >= $3 AND at < $4 \
            AND ($5 = '' OR actor = $5) AND ($6 = '' OR action = $6) AND ($7 = '' OR session = $7) \
            AND ($8 = '' OR outcome = $8) AND security >= $9 ORDER BY number DESC LIMIT $10";
    /// Security events in their order, after one.
    SECURITY_AFTER = "SELECT number, at, actor, action, session, outcome, security, address, detail, previous \
                      FROM audit_entries WHERE tenant = $1 AND security = 1 AND number > $2 \
                      ORDER BY number LIMIT $3";
    /// The first entry that is not older than a time: a clock that was set back leaves such behind older ones.
    FIRST_SINCE = "SELECT number FROM audit_entries WHERE tenant = $1 AND at >= $2 ORDER BY number LIMIT 1";
    /// One entry.
    ONE = "SELECT number, at, actor, action, session, outcome, security, address, detail, previous \
           FROM audit_entries WHERE tenant = $1 AND number = $2";
    /// Lets old entries go.
    REMOVE_UNTIL = "DELETE FROM audit_entries WHERE tenant = $1 AND number <= $2";
    /// Lets a chain go.
    REMOVE_HEAD = "DELETE FROM audit_heads WHERE tenant = $1";
    /// Lets all entries go.
    REMOVE_ALL = "DELETE FROM audit_entries WHERE tenant = $1";
    /// Entries about chains that began and ended.
    ABOUT_CHAINS = "SELECT number, action, detail FROM audit_entries \
                    WHERE tenant = $1 AND action IN ($2, $3, $4) ORDER BY number";
}
