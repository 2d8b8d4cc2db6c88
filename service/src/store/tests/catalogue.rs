//! The list of tables against the database's own, and the two databases against each other.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::store::catalogue::{Kind, TABLES};

on_both!(every_table_and_column_is_in_the_catalogue);

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::SecretText => "text",
        Kind::Number => "bigint",
        Kind::Bytes | Kind::Sealed | Kind::SealedSecret | Kind::SealedForGood | Kind::SecretBytes => "bytes",
    }
}

async fn every_table_and_column_is_in_the_catalogue(world: World) {
    // Table, column, type, and the place in the primary key (0: not in it).
    let sql = match world.database {
        Database::Sqlite(_) => {
            "SELECT m.name, c.name, lower(c.type), c.pk FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'"
        }
        Database::Postgres(_) => {
            "SELECT c.table_name::text, c.column_name::text, c.data_type::text, \
             COALESCE((SELECT k.ordinal_position::bigint FROM information_schema.key_column_usage k \
             JOIN information_schema.table_constraints t USING (constraint_name, table_name) \
             WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name \
             AND k.column_name = c.column_name), 0::bigint) FROM information_schema.columns c \
             WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx%'"
        }
    };
    let mut found = BTreeSet::new();
    for row in sqlx::query(sql).fetch_all(&world.store.read).await.unwrap() {
        let kind: String = row.try_get(2).unwrap();
        let kind = if kind == "blob" || kind == "bytea" { "bytes".to_owned() } else { kind };
        let place: i64 = row.try_get(3).unwrap();
        found.insert((
            row.try_get::<String, _>(0).unwrap(),
            row.try_get::<String, _>(1).unwrap(),
            kind,
            place,
        ));
    }
    let mut listed = BTreeSet::new();
    for table in TABLES {
        listed.insert((table.name.to_owned(), "tenant".to_owned(), "text".to_owned(), 1));
        for (place, (column, kind)) in table.key.iter().enumerate() {
            let place = i64::try_from(place).unwrap() + 2;
            listed.insert((table.name.into(), (*column).into(), type_of(*kind).into(), place));
        }
        for (column, kind) in table.columns {
            listed.insert((table.name.into(), (*column).into(), type_of(*kind).into(), 0));
        }
    }
    let missing: Vec<_> = found.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(&found).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "store/catalogue.rs lacks {missing:#?} and lists what is not there: {unknown:#?}"
    );
}

/// Tenant first in every foreign key: no row can refer to another tenant's.
#[test]
fn every_reference_carries_the_tenant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for (line, reference) in
            text.lines().filter_map(|line| Some((line, line.split_once("REFERENCES ")?.1)))
        {
            let (_, columns) = reference.split_once('(').unwrap();
            assert!(columns.starts_with("tenant"), "{line}");
            let own = line.trim();
            assert!(own.starts_with("tenant ") || own.starts_with("FOREIGN KEY (tenant, "), "{line}");
            seen += 1;
        }
    }
    assert!(seen >= 10, "the references were found");
}

#[test]
fn both_migration_folders_make_the_same_tables() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let names = |which: &str| -> BTreeSet<String> {
        std::fs::read_dir(folder.join(which))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(names("sqlite"), names("postgres"), "each migration stands in both folders");
    for name in names("sqlite") {
        let words = |which: &str| -> Vec<String> {
            let text = std::fs::read_to_string(folder.join(which).join(&name)).unwrap();
            text.replace("BYTEA", "BLOB").split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(words("sqlite"), words("postgres"), "{name} differs in more than the name of BLOB");
        let text = std::fs::read_to_string(folder.join("sqlite").join(&name)).unwrap();
        assert!(!text.contains("BYTEA"), "{name}: SQLite's word is BLOB");
    }
}
