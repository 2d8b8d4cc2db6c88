//! Sentences about the data of one tenant; `$1` is the tenant.

sentences! {
    /// Creates the tenant.
    CREATE = "INSERT INTO tenants (tenant, name, created_at) VALUES ($1, $2, $3)";
    /// Its name.
    NAME = "SELECT name FROM tenants WHERE tenant = $1";
    /// Creates a user.
    ADD_USER = "INSERT INTO users (tenant, id, email, open_name, name, role, password_hash, created_at, group_id) \
                VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8)";
    /// One user.
    USER = "SELECT id, email, open_name, name, role FROM users WHERE tenant = $1 AND id = $2";
    /// A new password.
    SET_PASSWORD = "UPDATE users SET password_hash = $3 WHERE tenant = $1 AND id = $2";
    /// Keeps a sign-in.
    ADD_SIGN_IN = "INSERT INTO sign_ins (tenant, token_hash, user_id, created_at, expires_at, id, seen_at, address, \
                   program, methods) VALUES ($1, $2, $3, $4, $5, $6, $4, $7, $8, $9)";
    /// Ends a sign-in.
    REMOVE_SIGN_IN = "DELETE FROM sign_ins WHERE tenant = $1 AND token_hash = $2";
    /// Ends every sign-in of a user that is past its time.
    SWEEP_SIGN_INS = "DELETE FROM sign_ins WHERE tenant = $1 AND user_id = $2 AND expires_at <= $3";
    /// Keeps where a session stands.
    PUT_SESSION = "INSERT INTO sessions (tenant, id, owner, code, code_expires_at, created_at, state, revision, \
                   ended_at, end_reason, joined_at, policy, back_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                   ON CONFLICT (tenant, id) DO UPDATE SET owner = excluded.owner, state = excluded.state, revision = excluded.revision, \
                   ended_at = excluded.ended_at, end_reason = excluded.end_reason, joined_at = excluded.joined_at, \
                   back_until = excluded.back_until";
    /// Keeps a participant.
    PUT_PARTICIPANT = "INSERT INTO participants (tenant, session, participant, role, name, organisation, user_id, \
                       token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                       ON CONFLICT (tenant, session, participant) DO UPDATE SET \
                       user_id = excluded.user_id, token_hash = excluded.token_hash";
    /// The participants of a session.
    PARTICIPANTS = "SELECT participant, role, name, organisation, user_id, token_hash FROM participants \
                    WHERE tenant = $1 AND session = $2 ORDER BY participant";
}
