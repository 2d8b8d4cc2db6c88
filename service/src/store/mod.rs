//! What is kept: one SQLite file in the data folder, through `sqlx::Any` so that the same sentences serve a cluster's
//! PostgreSQL. Data of a tenant is reached only through [`TenantStore`], which carries the tenant.

mod audit;
pub mod catalogue;
mod connect;
mod contents;
mod door;
mod rows;
mod sql;
mod tenant;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::{AnyPool, Row as _};
use tokio::sync::Notify;

pub use self::audit::{AuditEntry, AuditFilter, ChainReport};
use self::connect::BackEnd;
pub use self::connect::{Database, FILE};
pub use self::contents::{After, Page, exported};
pub use self::door::{Found, FoundKey, FoundPasskey, KnownUser, OpenSession, RunningSession, StandingSignIn};
pub use self::rows::{
    ApiKeyRow, AuditRow, DomainRow, Ended, GroupRow, InvitationRow, MailRow, OrganisationRow, ParticipantRow,
    ParticipantSecret, PasskeyRow, PastRow, PersonRow, SessionRow, SignInRow, Standing, Tenant, TotpRow,
    UserRow, UserWithPassword,
};
pub use self::tenant::{
    AlertTarget, AlertWay, Deletion, NoteRow, PersonChange, ReceiptKeyRow, ReceiptRow, ReplyRow, Retention,
    Subject, TenantStore,
};
use self::writer::Writer;
pub use self::writer::{Write, Written};
use crate::vault::{RootSource, Vault, VaultError};

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
    back_end: BackEnd,
    security: Arc<Notify>,
}

impl Store {
    /// Opens the database in `folder`, making or upgrading it, with the root key in the same folder.
    ///
    /// # Errors
    /// [`StoreError`] with a sentence that says what to do.
    pub async fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_with(&Database::in_folder(folder), folder, RootSource::file(folder)).await
    }

    /// Opens a database, making or upgrading it, with the keys in `folder`.
    ///
    /// # Errors
    /// [`StoreError`] with a sentence that says what to do.
    pub async fn open_with(database: &Database, folder: &Path, root: RootSource) -> Result<Self, StoreError> {
        let (back_end, write, read) = connect::open(database).await?;
        let vault = Vault::open(folder, root)?;
        let security = Arc::new(Notify::new());
        let writer = Writer::start(write.clone(), vault.clone(), Arc::clone(&security));
        let store = Self { read, write, writer, vault, back_end, security };
        store.begin_audit().await?;
        Ok(store)
    }

    /// Looks whether the file in `folder` is sound, and changes nothing: `None` when it is, else what is wrong.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be opened.
    pub async fn examine(folder: &Path) -> Result<Option<String>, StoreError> {
        connect::examine(&Database::in_folder(folder)).await
    }

    /// Told when a security event is on the disk, by one call for any number of them.
    #[must_use]
    pub fn security_events(&self) -> &Notify {
        &self.security
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

    /// The database's own check of its file: `None` when it is sound, else what is wrong.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check(&self) -> Result<Option<String>, StoreError> {
        connect::check(self.back_end, &self.read).await
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

#[cfg(test)]
mod tests;
