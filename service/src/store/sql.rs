//! Every SQL sentence of the service. They run unchanged on SQLite and PostgreSQL.
//!
//! A file a subject. A sentence in [`tenant`] and its like names the tenant in its condition or among the values that it writes; a sentence in
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

pub mod alerts;
pub mod audit;
pub mod contents;
pub mod data;
pub mod door;
pub mod history;
pub mod instance;
pub mod methods;
pub mod organisation;
pub mod people;
pub mod receipts;
pub mod talk;
pub mod tenant;
pub mod windows;

#[cfg(test)]
mod tests {
    /// The modules whose sentences are about the data of one tenant. A new one joins here.
    const ABOUT_A_TENANT: &[&[(&str, &str)]] = &[
        super::alerts::EVERY,
        super::audit::EVERY,
        super::data::EVERY,
        super::history::EVERY,
        super::methods::EVERY,
        super::organisation::EVERY,
        super::people::EVERY,
        super::receipts::EVERY,
        super::talk::EVERY,
        super::tenant::EVERY,
        super::windows::EVERY,
    ];

    #[test]
    fn every_sentence_about_a_tenant_names_the_tenant() {
        for (name, sql) in ABOUT_A_TENANT.iter().copied().flatten() {
            let in_condition = sql.contains("tenant = $1");
            let written =
                sql.starts_with("INSERT INTO") && sql.contains("(tenant, ") && sql.contains("VALUES ($1");
            assert!(in_condition || written, "{name} does not carry the tenant: {sql}");
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
                ["PRAGMA ", "BEGIN", "SELECT COUNT(*)"].iter().any(|start| sql.starts_with(start)),
                "instance::{name}: {sql}"
            );
        }
    }

    #[test]
    fn no_sql_stands_outside_this_module() {
        let mut seen = 0;
        crate::testing::each_source(&mut |path, text| {
            if path.ends_with("store/sql.rs") || path.parent().is_some_and(|p| p.ends_with("store/sql")) {
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
