//! Reading a tenant's audit log.

use serde::Serialize;
use sqlx::any::AnyRow;

use super::{TABLE, read_entry};
use crate::audit::chain::Entry;
use crate::store::rows::to_i64;
use crate::store::{AuditRow, StoreError, TenantStore, sql};
use crate::vault::VaultError;

/// Entries that are read at once, at most.
pub(crate) const AT_ONCE: u32 = 1_000;

/// An entry, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// 1 and up within the tenant.
    pub number: u64,
    /// What happened.
    #[serde(flatten)]
    pub row: AuditRow,
    /// The hash of the entry before, in lower-case hex.
    pub previous: String,
    /// This entry's hash, in lower-case hex.
    pub hash: String,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only entries before this one, for the next page.
    pub before: Option<u64>,
    /// From this time on, milliseconds since 1970.
    pub since: Option<u64>,
    /// Before this time, milliseconds since 1970.
    pub until: Option<u64>,
    /// Of this actor, such as `user:<id>`.
    pub actor: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// About this session.
    pub session: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// Security events only.
    pub security: bool,
}

impl TenantStore {
    /// The entries that fit, newest first; at most a thousand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_entries(
        &self,
        filter: &AuditFilter,
        at_most: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        let rows = sqlx::query(sql::audit::PAGE)
            .bind(self.tenant.0.as_str())
            .bind(filter.before.map_or(i64::MAX, to_i64))
            .bind(filter.since.map_or(0, to_i64))
            .bind(filter.until.map_or(i64::MAX, to_i64))
            .bind(word(&filter.actor))
            .bind(word(&filter.action))
            .bind(word(&filter.session))
            .bind(word(&filter.outcome))
            .bind(i64::from(filter.security))
            .bind(i64::from(at_most.min(AT_ONCE)))
            .fetch_all(&self.store.read)
            .await?;
        rows.iter().map(|row| self.read_audit(row)).collect()
    }

    /// The newest audit rows, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_rows(&self, at_most: u32) -> Result<Vec<AuditRow>, StoreError> {
        let entries = self.audit_entries(&AuditFilter::default(), at_most).await?;
        Ok(entries.into_iter().map(|entry| entry.row).collect())
    }

    /// The entries after this number, oldest first; at most a thousand. For export.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_after(&self, number: u64) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(sql::audit::AFTER)
            .bind(self.tenant.0.as_str())
            .bind(to_i64(number))
            .bind(i64::from(AT_ONCE))
            .fetch_all(&self.store.read)
            .await?;
        rows.iter().map(|row| self.read_audit(row)).collect()
    }

    /// The security events after this number, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn security_events_after(
        &self,
        number: u64,
        at_most: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(sql::audit::SECURITY_AFTER)
            .bind(self.tenant.0.as_str())
            .bind(to_i64(number))
            .bind(i64::from(at_most.min(AT_ONCE)))
            .fetch_all(&self.store.read)
            .await?;
        rows.iter().map(|row| self.read_audit(row)).collect()
    }

    fn read_audit(&self, row: &AnyRow) -> Result<AuditEntry, StoreError> {
        let entry = read_entry(row)?;
        let hash = crate::identity::hex(&entry.hash(&self.tenant.0));
        let (address, detail) =
            match (self.open_column(&entry, "address"), self.open_column(&entry, "detail")) {
                (Ok(address), Ok(detail)) => (address, detail),
                // What does not open is left out here, so that the log can be read; `farhand audit verify` names it.
                (Err(_), _) | (_, Err(_)) => (String::new(), String::new()),
            };
        Ok(AuditEntry {
            number: entry.number,
            previous: crate::identity::hex(&entry.previous),
            hash,
            row: AuditRow {
                at: entry.at,
                actor: entry.actor,
                action: entry.action,
                session: entry.session,
                outcome: entry.outcome,
                address,
                detail,
                security: entry.security,
            },
        })
    }

    /// Whether what is sealed in an entry opens, or cannot be asked because the key was destroyed.
    pub(super) fn audit_opens(&self, entry: &Entry) -> bool {
        ["address", "detail"].into_iter().all(|column| {
            matches!(self.open_column(entry, column), Ok(_) | Err(StoreError::Vault(VaultError::Destroyed)))
        })
    }

    fn open_column(&self, entry: &Entry, column: &'static str) -> Result<String, StoreError> {
        let sealed = match column {
            "address" => &entry.address,
            _ => &entry.detail,
        };
        // Written while the tenant's key was being destroyed.
        if sealed.is_empty() {
            return Ok(String::new());
        }
        self.open_text(TABLE, column, &entry.number.to_string(), sealed)
    }
}
