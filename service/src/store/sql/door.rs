//! Sentences that find the tenant.

sentences! {
    /// Who signs in with this address.
    USER_BY_EMAIL = "SELECT tenant, id, password_hash FROM users WHERE email = $1";
    /// Whose sign-in this is.
    SIGN_IN_BY_TOKEN = "SELECT tenant, user_id, expires_at FROM sign_ins WHERE token_hash = $1";
    /// Every session that has not ended, for the start of the service.
    OPEN_SESSIONS = "SELECT tenant, id, owner, code, code_expires_at, created_at, state, revision FROM sessions \
                     WHERE ended_at IS NULL ORDER BY created_at";
}
