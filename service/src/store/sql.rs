//! Every SQL sentence of the service. They run unchanged on SQLite and PostgreSQL.
//!
//! A sentence in [`tenant`] names the tenant in its condition or among the values that it writes; a sentence in
//! [`door`] finds out by a secret or an address which tenant somebody belongs to, and so returns the tenant;
//! [`instance`] holds what belongs to no tenant. A test reads all of them and holds them to it.

macro_rules! sentences {
    ($($(#[$meta:meta])* $name:ident = $sql:literal;)*) => {
        $($(#[$meta])* pub const $name: &str = $sql;)*
        /// All of this module, for the test that reads them.
        #[cfg(test)]
        pub const EVERY: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

/// Sentences about the data of one tenant; `$1` is the tenant.
pub mod tenant {
    sentences! {
        /// Creates the tenant.
        CREATE = "INSERT INTO tenants (tenant, name, created_at) VALUES ($1, $2, $3)";
        /// Its name.
        NAME = "SELECT name FROM tenants WHERE tenant = $1";
        /// Creates a user.
        ADD_USER = "INSERT INTO users (tenant, id, email, name, role, password_hash, created_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
        /// One user.
        USER = "SELECT id, email, name, role FROM users WHERE tenant = $1 AND id = $2";
        /// A new password.
        SET_PASSWORD = "UPDATE users SET password_hash = $3 WHERE tenant = $1 AND id = $2";
        /// Keeps a sign-in.
        ADD_SIGN_IN = "INSERT INTO sign_ins (tenant, token_hash, user_id, created_at, expires_at) \
                       VALUES ($1, $2, $3, $4, $5)";
        /// Ends a sign-in.
        REMOVE_SIGN_IN = "DELETE FROM sign_ins WHERE tenant = $1 AND token_hash = $2";
        /// Ends every sign-in of a user that is past its time.
        SWEEP_SIGN_INS = "DELETE FROM sign_ins WHERE tenant = $1 AND user_id = $2 AND expires_at <= $3";
        /// Keeps where a session stands.
        PUT_SESSION = "INSERT INTO sessions (tenant, id, owner, code, code_expires_at, created_at, state, revision, \
                       ended_at, end_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                       ON CONFLICT (tenant, id) DO UPDATE SET state = excluded.state, revision = excluded.revision, \
                       ended_at = excluded.ended_at, end_reason = excluded.end_reason";
        /// Keeps a participant.
        PUT_PARTICIPANT = "INSERT INTO participants (tenant, session, participant, role, name, organisation, user_id, \
                           token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                           ON CONFLICT (tenant, session, participant) DO NOTHING";
        /// The participants of a session.
        PARTICIPANTS = "SELECT participant, role, name, organisation, user_id, token_hash FROM participants \
                        WHERE tenant = $1 AND session = $2 ORDER BY participant";
        /// Writes an audit row.
        ADD_AUDIT = "INSERT INTO audit (tenant, id, at, actor, action, session, outcome, address, detail) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        /// The newest audit rows.
        AUDIT = "SELECT at, actor, action, session, outcome, address, detail FROM audit WHERE tenant = $1 \
                 ORDER BY id DESC LIMIT $2";
    }
}

/// Sentences that find the tenant.
pub mod door {
    sentences! {
        /// Who signs in with this address.
        USER_BY_EMAIL = "SELECT tenant, id, password_hash FROM users WHERE email = $1";
        /// Whose sign-in this is.
        SIGN_IN_BY_TOKEN = "SELECT tenant, user_id, expires_at FROM sign_ins WHERE token_hash = $1";
        /// Every session that has not ended, for the start of the service.
        OPEN_SESSIONS = "SELECT tenant, id, owner, code, code_expires_at, created_at, state, revision FROM sessions \
                         WHERE ended_at IS NULL ORDER BY created_at";
    }
}

/// Sentences about the whole installation.
pub mod instance {
    sentences! {
        /// Whether set-up has been done.
        TENANTS = "SELECT COUNT(*) FROM tenants";
        /// Whether the file is sound.
        QUICK_CHECK = "PRAGMA quick_check(1)";
        /// Readers do not wait for the writer.
        WAL = "PRAGMA journal_mode = WAL";
        /// A commit is on the disk when it returns.
        SYNCHRONOUS = "PRAGMA synchronous = FULL";
        /// References are checked.
        FOREIGN_KEYS = "PRAGMA foreign_keys = ON";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_sentence_about_a_tenant_names_the_tenant() {
        for (name, sql) in super::tenant::EVERY {
            let in_condition = sql.contains("tenant = $1");
            let written =
                sql.starts_with("INSERT INTO") && sql.contains("(tenant, ") && sql.contains("VALUES ($1");
            assert!(in_condition || written, "tenant::{name} does not carry the tenant: {sql}");
        }
    }

    #[test]
    fn every_door_returns_the_tenant_and_changes_nothing() {
        for (name, sql) in super::door::EVERY {
            assert!(sql.starts_with("SELECT tenant, "), "door::{name} must return the tenant first: {sql}");
        }
    }

    #[test]
    fn instance_sentences_return_nobodys_data() {
        for (name, sql) in super::instance::EVERY {
            assert!(
                sql.starts_with("PRAGMA ") || sql.starts_with("SELECT COUNT(*)"),
                "instance::{name}: {sql}"
            );
        }
    }

    #[test]
    fn no_sql_stands_outside_this_file() {
        let mut seen = 0;
        crate::testing::each_source(&mut |path, text| {
            if path.ends_with("store/sql.rs") {
                return;
            }
            seen += 1;
            for word in ["SELECT ", "INSERT INTO", "UPDATE ", "DELETE FROM", "PRAGMA "] {
                assert!(
                    !text.contains(&format!("\"{word}")),
                    "{} holds SQL of its own: {word}",
                    path.display()
                );
            }
        });
        assert!(seen > 10, "the sources were found");
    }
}
