//! Sentences about who is told of security events; `$1` is the tenant, empty for the installation.

sentences! {
    /// Adds somebody.
    ADD = "INSERT INTO alert_targets (tenant, id, kind, target, sent_number, failures, retry_at, created_at) \
           VALUES ($1, $2, $3, $4, $5, 0, 0, $6)";
    /// Everybody.
    ALL = "SELECT id, kind, target, sent_number, failures, retry_at FROM alert_targets WHERE tenant = $1 ORDER BY id";
    /// Removes one.
    REMOVE = "DELETE FROM alert_targets WHERE tenant = $1 AND id = $2";
    /// Told up to this entry.
    SENT = "UPDATE alert_targets SET sent_number = $3, failures = 0, retry_at = 0 WHERE tenant = $1 AND id = $2";
    /// Could not be told.
    FAILED = "UPDATE alert_targets SET failures = failures + 1, retry_at = $3 WHERE tenant = $1 AND id = $2";
}
