//! What is kept: one SQLite file in the data folder, through `sqlx::Any` so that the same sentences serve a cluster's
//! PostgreSQL. Data of a tenant is reached only through [`TenantStore`], which carries the tenant.

pub mod catalogue;
mod door;
mod rows;
mod sql;
mod tenant;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor as _, Row as _};

pub use self::door::{KnownUser, OpenSession, StandingSignIn};
pub use self::rows::{
    AuditRow, Ended, ParticipantRow, ParticipantSecret, SessionRow, SignInRow, Tenant, UserRow,
    UserWithPassword,
};
pub use self::tenant::TenantStore;
use self::writer::Writer;
pub use self::writer::{Write, Written};
use crate::vault::{RootSource, Vault, VaultError};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Name of the database within the data folder.
pub const FILE: &str = "farhand.sqlite";
/// Readers at once.
const READERS: u32 = 4;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or made.
    #[error(
        "The database {path} cannot be opened: {why}. Check that the folder exists, that this user may write there and \
         that the disk is not full, or name another folder with --data."
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        why: String,
    },
    /// Written by a newer program.
    #[error(
        "The database {path} was written by a newer version of farhand (its change {version} is unknown here). Start \
         that version or a later one, or restore the copy from before the upgrade."
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The unknown migration.
        version: i64,
    },
    /// Its shape is not what this program's changes make.
    #[error(
        "The database {path} does not fit this program: {why}. It may come from a test build; restore a copy or name \
         another folder with --data."
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// What differs.
        why: String,
    },
    /// A name that must be unique is taken.
    #[error("this is already there")]
    Taken,
    /// A row cannot be read.
    #[error("the database holds a {what} that this program cannot read")]
    Unreadable {
        /// Which.
        what: &'static str,
    },
    /// What is sealed cannot be sealed or opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The writer has stopped, which happens only while the service ends.
    #[error("the service is ending")]
    Closed,
    /// Anything else.
    #[error("the database refused: {0}")]
    Database(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(e) if e.is_unique_violation() => Self::Taken,
            _ => Self::Database(error),
        }
    }
}

/// The store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    read: AnyPool,
    write: AnyPool,
    writer: Writer,
    vault: Vault,
}

impl Store {
    /// Opens the database in `folder`, making or upgrading it, with the root key in the same folder.
    ///
    /// # Errors
    /// [`StoreError`] with a sentence that says what to do.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(folder, RootSource::file(folder)).await
    }

    /// Opens the database in `folder`, making or upgrading it.
    ///
    /// # Errors
    /// [`StoreError`] with a sentence that says what to do.
    pub async fn open_with(folder: &Path, root: RootSource) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let write = connect(&path, "rwc", 1).await?;
        MIGRATIONS.run(&write).await.map_err(|error| match error {
            MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
                StoreError::Newer { path: path.clone(), version }
            }
            MigrateError::Execute(e) => StoreError::Open { path: path.clone(), why: plain(&e) },
            other => StoreError::Shape { path: path.clone(), why: other.to_string() },
        })?;
        let read = connect(&path, "rw", READERS).await?;
        let vault = Vault::open(folder, root)?;
        let writer = Writer::start(write.clone());
        Ok(Self { read, write, writer, vault })
    }

    /// Looks whether the file in `folder` is sound, and changes nothing: `None` when it is, else what is wrong.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened.
    pub async fn examine(folder: &Path) -> Result<Option<String>, StoreError> {
        let path = folder.join(FILE);
        let pool = connect(&path, "rw", 1).await?;
        let said: String = sqlx::query(sql::instance::QUICK_CHECK).fetch_one(&pool).await?.try_get(0)?;
        pool.close().await;
        Ok((said != "ok").then_some(said))
    }

    /// What seals.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// The data of one tenant.
    #[must_use]
    pub fn tenant(&self, tenant: Tenant) -> TenantStore {
        TenantStore::new(self.clone(), tenant)
    }

    /// Whether an organisation exists, that is, whether set-up has been done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_set_up(&self) -> Result<bool, StoreError> {
        let count: i64 = sqlx::query(sql::instance::TENANTS).fetch_one(&self.read).await?.try_get(0)?;
        Ok(count > 0)
    }

    /// SQLite's own check of the file: `None` when it is sound, else what is wrong.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check(&self) -> Result<Option<String>, StoreError> {
        let said: String = sqlx::query(sql::instance::QUICK_CHECK).fetch_one(&self.read).await?.try_get(0)?;
        Ok((said != "ok").then_some(said))
    }

    /// Puts rows into the queue of the one writer, which commits all that wait in one transaction; rows are written in
    /// the order of these calls. Await the result to know them on the disk.
    pub fn write(&self, rows: Vec<Write>) -> Written {
        self.writer.write(rows)
    }

    /// Waits until everything queued is on the disk, and closes the file.
    pub async fn close(&self) {
        self.write(Vec::new()).wait().await.ok();
        self.read.close().await;
        self.write.close().await;
    }
}

async fn connect(path: &Path, mode: &str, connections: u32) -> Result<AnyPool, StoreError> {
    sqlx::any::install_default_drivers();
    let failed = |e: &sqlx::Error| StoreError::Open { path: path.to_owned(), why: plain(e) };
    let options: AnyConnectOptions = url(path, mode).parse().map_err(|e| failed(&e))?;
    // A pool tries again for a while before it reports what one connection reports at once.
    let mut first = AnyConnection::connect_with(&options).await.map_err(|e| failed(&e))?;
    prepare(&mut first).await.map_err(|e| failed(&e))?;
    first.close().await.map_err(|e| failed(&e))?;
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections.min(1))
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_with(options)
        .await
        .map_err(|e| failed(&e))
}

async fn prepare(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    connection.execute(sql::instance::WAL).await?;
    connection.execute(sql::instance::SYNCHRONOUS).await?;
    connection.execute(sql::instance::FOREIGN_KEYS).await?;
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
mod tests;
