//! Sentences that find the tenant.

sentences! {
    /// Who signs in with this address.
    USER_BY_EMAIL = "SELECT tenant, id, password_hash FROM users WHERE email = $1";
    /// Whose sign-in this is.
    SIGN_IN_BY_TOKEN = "SELECT tenant, user_id, expires_at, id, created_at, seen_at, methods FROM sign_ins \
                        WHERE token_hash = $1";
    /// Whose invitation this is.
    INVITATION_BY_TOKEN = "SELECT tenant, id, expires_at FROM invitations WHERE token_hash = $1";
    /// Whose new password this is about.
    RESET_BY_TOKEN = "SELECT tenant, user_id, expires_at FROM password_resets WHERE token_hash = $1";
    /// Whose passkey this is.
    PASSKEY_BY_CREDENTIAL = "SELECT tenant, user_id, id FROM passkeys WHERE credential = $1";
    /// Whose API key this is.
    API_KEY_BY_TOKEN = "SELECT tenant, id, scopes, expires_at, used_at FROM api_keys WHERE token_hash = $1";
    /// Whose session's token this is, or was.
    PARTICIPANT_BY_TOKEN = "SELECT tenant, session FROM participants WHERE token_hash = $1";
    /// Domains that are shown as proven.
    PROVEN_DOMAINS = "SELECT tenant, domain FROM tenants WHERE domain_verified_at IS NOT NULL ORDER BY tenant";
    /// Sessions that a customer has joined and that have not ended, with what limits them.
    RUNNING_SESSIONS = "SELECT tenant, id, joined_at, policy FROM sessions \
                        WHERE ended_at IS NULL AND joined_at IS NOT NULL ORDER BY created_at";
    /// Mails to be sent.
    OUTBOX_DUE = "SELECT tenant, id FROM outbox WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at LIMIT $2";
    /// Names that are not sealed yet.
    OPEN_NAMES = "SELECT tenant, id, open_name FROM users WHERE open_name <> ''";
    /// Every organisation, for whoever runs the service.
    ALL_TENANTS = "SELECT tenant, name, created_at FROM tenants ORDER BY created_at, tenant";
    /// Every session that has not ended, for the start of the service.
    OPEN_SESSIONS = "SELECT tenant, id, owner, code, code_expires_at, created_at, state, revision, joined_at, \
                     policy, back_until FROM sessions \
                     WHERE ended_at IS NULL ORDER BY created_at";
    /// Every tenant with an audit chain.
    CHAINS = "SELECT tenant, last_number FROM audit_heads";
    /// Whoever has somebody to tell of security events.
    WITH_ALERTS = "SELECT tenant, COUNT(*) FROM alert_targets GROUP BY tenant";
    /// Deletions whose time has come.
    DELETIONS_DUE = "SELECT tenant, id FROM deletions WHERE done_at IS NULL AND due_at <= $1 ORDER BY due_at, id";
    /// Whose subscription ended before a time; a deletion that was asked for already is carried out as such.
    SUBSCRIPTIONS_ENDED = "SELECT tenant, subscription_ends_at FROM retention WHERE subscription_ends_at <= $1 \
                           AND tenant NOT IN (SELECT tenant FROM deletions \
                           WHERE done_at IS NULL AND subject = 'organisation')";
    /// Who keeps ended sessions for a time.
    RETENTION_TIMES = "SELECT tenant, days FROM retention WHERE days IS NOT NULL";
    /// Whoever has audit entries and no chain.
    CHAINS_WITHOUT_HEAD = "SELECT tenant, COUNT(*) FROM audit_entries \
                           WHERE tenant NOT IN (SELECT tenant FROM audit_heads) GROUP BY tenant";
}
