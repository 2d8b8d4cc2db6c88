//! Sentences about methods of signing in; `$1` is the tenant.

sentences! {
    /// The authenticator app.
    TOTP = "SELECT totp_secret, totp_step, totp_offered FROM users WHERE tenant = $1 AND id = $2";
    /// Offers a secret, to be confirmed.
    OFFER_TOTP = "UPDATE users SET totp_offered = $3 WHERE tenant = $1 AND id = $2";
    /// The app was confirmed by the code of this step.
    SET_TOTP = "UPDATE users SET totp_secret = $3, totp_at = $4, totp_step = $5, totp_offered = NULL \
                WHERE tenant = $1 AND id = $2";
    /// Accepts a step, once: whoever comes second changes no row.
    TAKE_STEP = "UPDATE users SET totp_step = $3 WHERE tenant = $1 AND id = $2 AND totp_step < $3";
    /// The app is gone.
    REMOVE_TOTP = "UPDATE users SET totp_secret = NULL, totp_at = NULL, totp_offered = NULL \
                   WHERE tenant = $1 AND id = $2";

    /// A user's passkeys.
    PASSKEYS = "SELECT id, credential, algorithm, public_key, counter, name, added_at, used_at FROM passkeys \
                WHERE tenant = $1 AND user_id = $2 ORDER BY added_at, id";
    /// A new one.
    ADD_PASSKEY = "INSERT INTO passkeys (tenant, id, user_id, credential, algorithm, public_key, counter, name, added_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// It was used; its counter does not go back.
    USE_PASSKEY = "UPDATE passkeys SET counter = $3, used_at = $4 WHERE tenant = $1 AND id = $2 \
                   AND (counter < $3 OR counter = 0)";
    /// It is gone.
    REMOVE_PASSKEY = "DELETE FROM passkeys WHERE tenant = $1 AND user_id = $2 AND id = $3";
    /// All of a user's are gone.
    REMOVE_PASSKEYS = "DELETE FROM passkeys WHERE tenant = $1 AND user_id = $2";

    /// How many recovery codes are left.
    RECOVERY_LEFT = "SELECT COUNT(*) FROM recovery_codes WHERE tenant = $1 AND user_id = $2";
    /// A new one.
    ADD_RECOVERY = "INSERT INTO recovery_codes (tenant, user_id, code_hash) VALUES ($1, $2, $3)";
    /// Uses one, once.
    USE_RECOVERY = "DELETE FROM recovery_codes WHERE tenant = $1 AND user_id = $2 AND code_hash = $3";
    /// All are gone.
    REMOVE_RECOVERY = "DELETE FROM recovery_codes WHERE tenant = $1 AND user_id = $2";
}
