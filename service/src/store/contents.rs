//! What is done with all content alike, by the catalogue of tables: reading it for export, deleting it, sealing it again.

use serde_json::{Map, Value};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row as _};

use super::catalogue::{Column, Kind, TABLES, Table, Whose};
use super::sql::contents::{Only, delete, page, reseal};
use super::{Store, StoreError, Tenant, TenantStore, Write, sql};
use crate::identity::hex;

/// Rows read at once.
pub const PAGE: usize = 500;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    Text(Option<String>),
    Number(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

impl Cell {
    fn read(row: &AnyRow, place: usize, kind: Kind) -> Result<Self, StoreError> {
        Ok(match kind {
            Kind::Text | Kind::SecretText => Self::Text(row.try_get(place)?),
            Kind::Number => Self::Number(row.try_get(place)?),
            Kind::Bytes | Kind::Sealed | Kind::SealedSecret | Kind::SealedForGood | Kind::SecretBytes => {
                Self::Bytes(row.try_get(place)?)
            }
        })
    }

    /// As it stands in the name of the row that a value is sealed for.
    fn name(&self) -> String {
        match self {
            Self::Text(text) => text.clone().unwrap_or_default(),
            Self::Number(number) => number.unwrap_or_default().to_string(),
            Self::Bytes(bytes) => hex(bytes.as_deref().unwrap_or_default()),
        }
    }

    fn plain(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Number(number) => number.into(),
            Self::Bytes(bytes) => bytes.map(|bytes| hex(&bytes)).into(),
        }
    }

    fn bind<'q>(&self, query: Query<'q, Any, AnyArguments>) -> Query<'q, Any, AnyArguments> {
        match self {
            Self::Text(text) => query.bind(text.clone()),
            Self::Number(number) => query.bind(*number),
            Self::Bytes(bytes) => query.bind(bytes.clone()),
        }
    }
}

/// The key of a row that was read, after which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After(Vec<Cell>);

/// A page of a table.
pub struct Page {
    /// The rows, opened.
    pub rows: Vec<Map<String, Value>>,
    /// Where the next page begins, if there may be one.
    pub next: Option<After>,
}

/// How the rows of a table are restricted to one session; `None` when none of them belong to one.
fn of_session(table: &Table) -> Option<Only> {
    match table.whose {
        Whose::Session(column) => Some(Only::Where(column)),
        Whose::Chain if table.columns.iter().any(|(name, _)| *name == "session") => {
            Some(Only::Where("session"))
        }
        Whose::Tenant | Whose::Chain | Whose::Record | Whose::Installation => None,
    }
}

/// The tables that hold something of a tenant, or of one session of it.
pub fn exported(session: bool) -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(move |table| match table.whose {
        Whose::Installation => false,
        Whose::Tenant | Whose::Record => !session,
        Whose::Session(_) | Whose::Chain => !session || of_session(table).is_some(),
    })
}

fn is_exported(kind: Kind) -> bool {
    match kind {
        Kind::Text | Kind::Number | Kind::Bytes | Kind::Sealed | Kind::SealedForGood => true,
        Kind::SealedSecret | Kind::SecretText | Kind::SecretBytes => false,
    }
}

/// Whether a value is sealed anew when keys rotate.
fn is_resealed(kind: Kind) -> bool {
    match kind {
        Kind::Sealed | Kind::SealedSecret => true,
        Kind::Text
        | Kind::Number
        | Kind::Bytes
        | Kind::SealedForGood
        | Kind::SecretText
        | Kind::SecretBytes => false,
    }
}

impl TenantStore {
    /// A page of a table, opened, without what leaves the service for nobody; of one session where one is named.
    ///
    /// # Errors
    /// [`StoreError`]. A value that does not open is exported as null, and its column named under `unreadable`.
    pub async fn contents(
        &self,
        table: &'static Table,
        session: Option<&str>,
        after: Option<&After>,
    ) -> Result<Page, StoreError> {
        let columns: Vec<Column> =
            table.columns.iter().copied().filter(|(_, kind)| is_exported(*kind)).collect();
        let only = match session {
            None => Only::All,
            Some(_) => match of_session(table) {
                Some(only) => only,
                None => return Ok(Page { rows: Vec::new(), next: None }),
            },
        };
        let read = self.page(table, &columns, only, session, after).await?;
        let full = read.len() == PAGE && !table.key.is_empty();
        let next = read.last().filter(|_| full).map(|(key, _)| After(key.clone()));
        let rows = read
            .into_iter()
            .map(|(key, cells)| {
                let name = key.iter().map(Cell::name).collect::<Vec<_>>().join("/");
                let mut row = Map::new();
                let mut unreadable = Vec::new();
                for ((column, kind), cell) in table.key.iter().zip(key) {
                    if is_exported(*kind) {
                        row.insert((*column).to_owned(), cell.plain());
                    }
                }
                for ((column, kind), cell) in columns.iter().zip(cells) {
                    let value = match (kind, cell) {
                        (Kind::Sealed | Kind::SealedForGood, Cell::Bytes(Some(sealed))) => {
                            match self.opened(table.name, column, &name, &sealed) {
                                Some(value) => value,
                                None => {
                                    unreadable.push(Value::from(*column));
                                    Value::Null
                                }
                            }
                        }
                        (_, cell) => cell.plain(),
                    };
                    row.insert((*column).to_owned(), value);
                }
                if !unreadable.is_empty() {
                    row.insert("unreadable".to_owned(), unreadable.into());
                }
                row
            })
            .collect();
        Ok(Page { rows, next })
    }

    fn opened(&self, table: &'static str, column: &'static str, row: &str, sealed: &[u8]) -> Option<Value> {
        if sealed.is_empty() {
            return Some(Value::from(""));
        }
        let plain = self.open(table, column, row, sealed).ok()?;
        Some(match String::from_utf8(plain) {
            Ok(text) => text.into(),
            Err(bytes) => hex(bytes.as_bytes()).into(),
        })
    }

    async fn page(
        &self,
        table: &Table,
        columns: &[Column],
        only: Only,
        session: Option<&str>,
        after: Option<&After>,
    ) -> Result<Vec<(Vec<Cell>, Vec<Cell>)>, StoreError> {
        let sql = page(table, columns, only, after.is_some(), PAGE);
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(self.tenant.0.clone());
        if let Some(session) = session {
            query = query.bind(session.to_owned());
        }
        for cell in after.iter().flat_map(|after| &after.0) {
            query = cell.bind(query);
        }
        let rows = query.fetch_all(&self.store.read).await?;
        rows.iter()
            .map(|row| {
                let cells = |first: usize, columns: &[Column]| {
                    columns
                        .iter()
                        .enumerate()
                        .map(|(place, (_, kind))| Cell::read(row, first + place, *kind))
                        .collect::<Result<Vec<_>, _>>()
                };
                Ok((cells(0, table.key)?, cells(table.key.len(), columns)?))
            })
            .collect()
    }

    /// Deletes these sessions with all that belongs to them; audit entries stay for their own time. Returns the rows that
    /// went, by table.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing went.
    pub async fn delete_sessions(&self, sessions: &[String]) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let mut gone = Vec::new();
        let mut transaction = self.store.write.begin().await?;
        for table in TABLES.iter().rev() {
            let Whose::Session(column) = table.whose else { continue };
            let mut count = 0;
            for session in sessions {
                count += sqlx::query(AssertSqlSafe(delete(table, Only::Where(column))))
                    .bind(self.tenant.0.clone())
                    .bind(session.clone())
                    .execute(&mut *transaction)
                    .await?
                    .rows_affected();
            }
            gone.push((table.name, count));
        }
        transaction.commit().await?;
        Ok(gone)
    }

    /// Destroys the tenant's key and then deletes everything of the tenant but the record of deletions. Returns the rows
    /// that went, by table.
    ///
    /// # Errors
    /// [`StoreError`]. What was done until then stands, and it can be tried again.
    pub async fn delete_everything(&self, now: u64) -> Result<Vec<(&'static str, u64)>, StoreError> {
        // The key first: from here on nothing can be read, whatever happens next.
        self.store.vault.destroy(&self.tenant.0, now)?;
        let (sessions, entries) = self.kept().await?;
        let mut gone = vec![("audit_entries", entries)];
        let mut transaction = self.store.write.begin().await?;
        for table in TABLES.iter().rev() {
            match table.whose {
                Whose::Tenant | Whose::Session(_) => {
                    let count = sqlx::query(AssertSqlSafe(delete(table, Only::All)))
                        .bind(self.tenant.0.clone())
                        .execute(&mut *transaction)
                        .await?
                        .rows_affected();
                    gone.push((table.name, count));
                }
                Whose::Chain | Whose::Record | Whose::Installation => {}
            }
        }
        transaction.commit().await?;
        self.store.write(vec![Write::EndAudit(self.tenant.clone(), now)]).wait().await?;
        tracing::info!(tenant = %self.tenant, sessions, "everything of a tenant was deleted");
        Ok(gone)
    }

    /// Seals everything again that is not sealed with the newest key. Returns how many values were.
    ///
    /// # Errors
    /// [`StoreError`]; a value that does not open is named in the log and stops it.
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        for table in TABLES {
            let columns: Vec<Column> =
                table.columns.iter().copied().filter(|(_, kind)| is_resealed(*kind)).collect();
            if columns.is_empty() {
                continue;
            }
            let mut after = None;
            loop {
                let rows = self.page(table, &columns, Only::All, None, after.as_ref()).await?;
                for (key, cells) in &rows {
                    for ((column, _), cell) in columns.iter().zip(cells) {
                        if let Cell::Bytes(Some(old)) = cell {
                            count += u64::from(self.reseal_one(table, column, key, old).await?);
                        }
                    }
                }
                match rows.last() {
                    Some((key, _)) if rows.len() == PAGE && !key.is_empty() => {
                        after = Some(After(key.clone()))
                    }
                    Some(_) | None => break,
                }
            }
        }
        Ok(count)
    }

    async fn reseal_one(
        &self,
        table: &'static Table,
        column: &'static str,
        key: &[Cell],
        old: &[u8],
    ) -> Result<bool, StoreError> {
        if self.store.vault.is_newest(&self.tenant.0, old)? {
            return Ok(false);
        }
        let name = key.iter().map(Cell::name).collect::<Vec<_>>().join("/");
        let plain = self.open(table.name, column, &name, old).inspect_err(|error| {
            tracing::error!(table = table.name, column, row = name, %error, "a sealed value does not open");
        })?;
        let new = self.seal(table.name, column, &name, &plain)?;
        let mut query = sqlx::query(AssertSqlSafe(reseal(table, column)))
            .bind(self.tenant.0.clone())
            .bind(new)
            .bind(old.to_vec());
        for cell in key {
            query = cell.bind(query);
        }
        // Where it was changed meanwhile it was sealed with the newest key already.
        Ok(query.execute(&self.store.write).await?.rows_affected() > 0)
    }
}

impl Store {
    /// Seals everything of everybody again that is not sealed with the newest key. Returns how many values were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reseal(&self) -> Result<u64, StoreError> {
        let mut count = 0;
        for tenant in self.vault.tenants()? {
            count += self.tenant(Tenant(tenant)).reseal().await?;
        }
        Ok(count)
    }

    /// Lets what was deleted leave SQLite's write-ahead log too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_deleted(&self) -> Result<(), StoreError> {
        if self.back_end.is_sqlite() {
            sqlx::query(sql::instance::CHECKPOINT).fetch_all(&self.write).await?;
        }
        Ok(())
    }
}
