//! Sentences about the organisation itself, its API keys and what it sends; `$1` is the tenant.

sentences! {
    /// The organisation.
    ORGANISATION = "SELECT name, created_at, password_rule, second_method, domain, domain_proof, domain_verified_at, \
                    domain_problem, CASE WHEN logo IS NULL THEN 0 ELSE 1 END, domain_lost_at FROM tenants WHERE tenant = $1";
    /// Its name and rules.
    CHANGE_ORGANISATION = "UPDATE tenants SET name = $2, password_rule = $3, second_method = $4 WHERE tenant = $1";
    /// Its logo.
    LOGO = "SELECT logo FROM tenants WHERE tenant = $1 AND logo IS NOT NULL";
    /// A new one, or none.
    SET_LOGO = "UPDATE tenants SET logo = $2 WHERE tenant = $1";
    /// Its domain and the proof to be found.
    SET_DOMAIN = "UPDATE tenants SET domain = $2, domain_proof = $3, domain_verified_at = NULL, domain_problem = NULL, \
                  domain_lost_at = NULL WHERE tenant = $1";
    /// What a look found.
    DOMAIN_LOOKED = "UPDATE tenants SET domain_verified_at = $3, domain_lost_at = $4, domain_problem = $5 \
                     WHERE tenant = $1 AND domain = $2";
    /// The domain, if it is proven.
    VERIFIED_DOMAIN = "SELECT domain FROM tenants WHERE tenant = $1 AND domain_verified_at IS NOT NULL";
    /// Users with one method only.
    WITH_ONE_METHOD = "SELECT COUNT(*) FROM users u WHERE u.tenant = $1 AND u.totp_at IS NULL AND NOT EXISTS \
                       (SELECT 1 FROM passkeys p WHERE p.tenant = u.tenant AND p.user_id = u.id)";

    /// Invitations that wait, newest first.
    INVITATIONS = "SELECT id, email, name, role, group_id, created_at, expires_at FROM invitations WHERE tenant = $1 \
                   ORDER BY created_at DESC, id";
    /// One of them.
    INVITATION = "SELECT id, email, name, role, group_id, created_at, expires_at FROM invitations WHERE tenant = $1 \
                  AND id = $2";
    /// A new one.
    ADD_INVITATION = "INSERT INTO invitations (tenant, id, token_hash, email, name, role, group_id, created_at, \
                      expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// A new link for it.
    RENEW_INVITATION = "UPDATE invitations SET token_hash = $3, created_at = $4, expires_at = $5 WHERE tenant = $1 \
                        AND id = $2";
    /// It is gone.
    REMOVE_INVITATION = "DELETE FROM invitations WHERE tenant = $1 AND id = $2";
    /// Those past their time are gone.
    SWEEP_INVITATIONS = "DELETE FROM invitations WHERE tenant = $1 AND expires_at < $2";

    /// A link to set a new password; the one before ends.
    PUT_RESET = "INSERT INTO password_resets (tenant, user_id, token_hash, expires_at) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (tenant, user_id) DO UPDATE SET token_hash = excluded.token_hash, \
                 expires_at = excluded.expires_at";
    /// Uses it, once.
    USE_RESET = "DELETE FROM password_resets WHERE tenant = $1 AND user_id = $2 AND token_hash = $3";
    /// It is gone.
    REMOVE_RESET = "DELETE FROM password_resets WHERE tenant = $1 AND user_id = $2";

    /// Mails, newest first.
    OUTBOX = "SELECT id, recipient, subject, body, state, tries, error, created_at FROM outbox WHERE tenant = $1 \
              ORDER BY created_at DESC, id LIMIT $2";
    /// One of them.
    MAIL = "SELECT id, recipient, subject, body, state, tries, error, created_at FROM outbox WHERE tenant = $1 \
            AND id = $2";
    /// A new one.
    ADD_MAIL = "INSERT INTO outbox (tenant, id, recipient, subject, body, state, tries, next_at, created_at) \
                VALUES ($1, $2, $3, $4, $5, 'waiting', 0, $6, $6)";
    /// A try came out like this.
    MAIL_TRIED = "UPDATE outbox SET state = $3, tries = tries + 1, next_at = $4, error = $5 WHERE tenant = $1 AND id = $2";
    /// Try it again now.
    MAIL_AGAIN = "UPDATE outbox SET state = 'waiting', next_at = $3, error = NULL WHERE tenant = $1 AND id = $2";
    /// It is gone.
    REMOVE_MAIL = "DELETE FROM outbox WHERE tenant = $1 AND id = $2";
    /// Mails that are older than this are gone.
    SWEEP_OUTBOX = "DELETE FROM outbox WHERE tenant = $1 AND created_at < $2";

    /// API keys, newest first.
    API_KEYS = "SELECT id, name, scopes, created_by, created_at, expires_at, used_at FROM api_keys WHERE tenant = $1 \
                ORDER BY created_at DESC, id";
    /// A new one.
    ADD_API_KEY = "INSERT INTO api_keys (tenant, id, token_hash, name, scopes, created_by, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// It was used.
    USE_API_KEY = "UPDATE api_keys SET used_at = $3 WHERE tenant = $1 AND id = $2";
    /// It is gone.
    REMOVE_API_KEY = "DELETE FROM api_keys WHERE tenant = $1 AND id = $2";
}
