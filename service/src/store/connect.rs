//! Opening the database: SQLite in the data folder, or PostgreSQL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor as _, Row as _, SqlSafeStr as _};

use super::{StoreError, sql};

/// Both folders make the same tables: the sentences differ in the name of BLOB alone.
macro_rules! steps {
    ($folder:literal: $(($number:literal, $name:literal, $file:literal)),*) => {
        &[$(($number, $name, include_str!(concat!("../../migrations/", $folder, "/", $file)))),*]
    };
}

/// A step's number, its name and its SQL. Listed here, not found by sqlx's macro: that would build both databases'
/// drivers a second time, for the compiler.
type Step = (i64, &'static str, &'static str);
const SQLITE: &[Step] = steps!("sqlite":
    (1, "first session", "0001_first_session.sql"),
    (2, "identity", "0002_identity.sql"),
    (10, "sealed audit retention", "0010_sealed_audit_retention.sql"),
    (20, "lost proofs", "0020_lost_proofs.sql"),
    (21, "receipts", "0021_receipts.sql"),
    (30, "chat", "0030_chat.sql"),
    (31, "windows", "0031_windows.sql"),
    (40, "restarts", "0040_restarts.sql"));
const POSTGRES: &[Step] = steps!("postgres":
    (1, "first session", "0001_first_session.sql"),
    (2, "identity", "0002_identity.sql"),
    (10, "sealed audit retention", "0010_sealed_audit_retention.sql"),
    (20, "lost proofs", "0020_lost_proofs.sql"),
    (21, "receipts", "0021_receipts.sql"),
    (30, "chat", "0030_chat.sql"),
    (31, "windows", "0031_windows.sql"),
    (40, "restarts", "0040_restarts.sql"));

/// Name of the database within the data folder.
pub const FILE: &str = "farhand.sqlite";
/// Readers at once.
const READERS: u32 = 4;

/// Where the rows are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// This SQLite file.
    Sqlite(PathBuf),
    /// PostgreSQL 15 or later, by its URL. Not yet for use: one process only, and no protection by rows.
    Postgres(String),
}

impl Database {
    /// The file in the data folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::Sqlite(folder.join(FILE))
    }

    fn back_end(&self) -> BackEnd {
        match self {
            Self::Sqlite(_) => BackEnd::Sqlite,
            Self::Postgres(_) => BackEnd::Postgres,
        }
    }

    /// For people; without the password that a URL may hold.
    fn name(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => path.clone(),
            Self::Postgres(_) => PathBuf::from("in PostgreSQL"),
        }
    }

    fn url(&self, mode: &str) -> String {
        match self {
            Self::Sqlite(path) => url(path, mode),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BackEnd {
    Sqlite,
    Postgres,
}

impl BackEnd {
    pub fn is_sqlite(self) -> bool {
        self == Self::Sqlite
    }

    /// How a transaction begins whose reads are of one moment.
    pub fn snapshot(self) -> &'static str {
        match self {
            Self::Sqlite => sql::instance::SNAPSHOT,
            Self::Postgres => sql::instance::SNAPSHOT_POSTGRES,
        }
    }
}

fn steps(back_end: BackEnd) -> &'static [Step] {
    match back_end {
        BackEnd::Sqlite => SQLITE,
        BackEnd::Postgres => POSTGRES,
    }
}

fn migrator(back_end: BackEnd) -> Migrator {
    let step = |(number, name, text): &Step| {
        Migration::new(*number, (*name).into(), MigrationType::Simple, (*text).into_sql_str(), false)
    };
    Migrator::with_migrations(steps(back_end).iter().map(step).collect())
}

/// The one writer and the readers, after the migrations.
pub(super) async fn open(database: &Database) -> Result<(BackEnd, AnyPool, AnyPool), StoreError> {
    let write = connect(database, "rwc", 1).await?;
    let path = database.name();
    migrator(database.back_end()).run(&write).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            StoreError::Newer { path, version }
        }
        MigrateError::Execute(e) => StoreError::Open { path, why: plain(&e) },
        other => StoreError::Shape { path, why: other.to_string() },
    })?;
    let read = connect(database, "rw", READERS).await?;
    Ok((database.back_end(), write, read))
}

/// Looks at the file without changing it.
pub(super) async fn examine(database: &Database) -> Result<Option<String>, StoreError> {
    let pool = connect(database, "rw", 1).await?;
    let said = check(database.back_end(), &pool).await;
    pool.close().await;
    said
}

/// `None` when the file is sound. PostgreSQL looks after its own files.
pub(super) async fn check(back_end: BackEnd, pool: &AnyPool) -> Result<Option<String>, StoreError> {
    match back_end {
        BackEnd::Sqlite => {
            let said: String = sqlx::query(sql::instance::QUICK_CHECK).fetch_one(pool).await?.try_get(0)?;
            Ok((said != "ok").then_some(said))
        }
        BackEnd::Postgres => {
            sqlx::query(sql::instance::TENANTS).fetch_one(pool).await?;
            Ok(None)
        }
    }
}

async fn connect(database: &Database, mode: &str, connections: u32) -> Result<AnyPool, StoreError> {
    sqlx::any::install_default_drivers();
    let back_end = database.back_end();
    let failed = |e: &sqlx::Error| StoreError::Open { path: database.name(), why: plain(e) };
    let options: AnyConnectOptions = database.url(mode).parse().map_err(|e| failed(&e))?;
    // A pool tries again for a while before it reports what one connection reports at once.
    let mut first = AnyConnection::connect_with(&options).await.map_err(|e| failed(&e))?;
    prepare(&mut first, back_end).await.map_err(|e| failed(&e))?;
    first.close().await.map_err(|e| failed(&e))?;
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections.min(1))
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |connection, _| Box::pin(prepare(connection, back_end)))
        .connect_with(options)
        .await
        .map_err(|e| failed(&e))
}

async fn prepare(connection: &mut AnyConnection, back_end: BackEnd) -> Result<(), sqlx::Error> {
    match back_end {
        BackEnd::Sqlite => {
            connection.execute(sql::instance::WAL).await?;
            connection.execute(sql::instance::SYNCHRONOUS).await?;
            connection.execute(sql::instance::FOREIGN_KEYS).await?;
            connection.execute(sql::instance::SECURE_DELETE).await?;
        }
        BackEnd::Postgres => {}
    }
    Ok(())
}

/// The file as a URL; everything that could mean something in a URL is percent-encoded.
fn url(path: &Path, mode: &str) -> String {
    use std::fmt::Write as _;
    let mut url = String::from("sqlite://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                url.push(char::from(*byte))
            }
            other => write!(url, "%{other:02X}").expect("writing to a string does not fail"),
        }
    }
    url.push_str("?mode=");
    url.push_str(mode);
    url
}

fn plain(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(e) => e.message().to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_both_folders_is_a_step() {
        for (folder, back_end) in [("sqlite", BackEnd::Sqlite), ("postgres", BackEnd::Postgres)] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let mut files: Vec<String> = std::fs::read_dir(path)
                .unwrap()
                .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
                .collect();
            let mut listed: Vec<String> = steps(back_end).iter().map(|step| step.2.to_owned()).collect();
            files.sort();
            listed.sort();
            assert!(files == listed, "{folder}: a file is no step, or a step no file");
            assert!(steps(back_end).is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
