//! The audit chains on the disk.

mod check;
mod read;

use std::collections::{BTreeMap, HashMap};

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

pub use self::check::ChainReport;
pub use self::read::{AuditEntry, AuditFilter};
use super::rows::{to_hash, to_i64, to_u64};
use super::{AuditRow, StoreError, Tenant, sql};
use crate::audit::chain::{Entry, Hash, Head};
use crate::vault::{Place, Vault, VaultError};

/// What the vault vouches for a head with.
const PURPOSE: &str = "farhand audit head";
/// The table, as values are sealed for it.
const TABLE: &str = "audit_entries";
/// In the installation's chain: a tenant's chain begins.
pub(super) const CHAIN_START: &str = "audit_chain_start";
/// In the installation's chain: a tenant's chain was let go with the tenant.
pub(super) const CHAIN_END: &str = "audit_chain_end";
/// In the installation's chain: which chains stand, before older entries that say so are let go.
pub(super) const CHAINS: &str = "audit_chains";

/// A head with what vouches for it.
pub(super) struct Kept {
    pub head: Head,
    key_version: u32,
    mac: Vec<u8>,
}

impl Kept {
    pub fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let base: Vec<u8> = row.try_get(1)?;
        let hash: Vec<u8> = row.try_get(3)?;
        Ok(Self {
            head: Head {
                first: to_u64(row.try_get(0)?),
                base: to_hash(&base)?,
                last: to_u64(row.try_get(2)?),
                hash: to_hash(&hash)?,
                broken_at: to_u64(row.try_get(4)?),
            },
            key_version: u32::try_from(row.try_get::<i64, _>(5)?).unwrap_or(0),
            mac: row.try_get(6)?,
        })
    }

    /// A head that was made a moment ago and is not vouched for yet.
    fn is_new(&self) -> bool {
        self.key_version == 0 && self.mac.is_empty() && self.head.last == 0
    }

    pub fn is_vouched(&self, vault: &Vault, tenant: &Tenant) -> Result<bool, StoreError> {
        match vault.verify_mac(self.key_version, PURPOSE, &self.head.bytes(&tenant.0), &self.mac) {
            Ok(right) => Ok(right),
            Err(VaultError::Version { .. }) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }
}

pub(super) fn read_entry(row: &AnyRow) -> Result<Entry, StoreError> {
    let previous: Vec<u8> = row.try_get(9)?;
    Ok(Entry {
        number: to_u64(row.try_get(0)?),
        at: to_u64(row.try_get(1)?),
        actor: row.try_get(2)?,
        action: row.try_get(3)?,
        session: row.try_get(4)?,
        outcome: row.try_get(5)?,
        security: row.try_get::<i64, _>(6)? != 0,
        address: row.try_get(7)?,
        detail: row.try_get(8)?,
        previous: to_hash(&previous)?,
    })
}

/// What the one writer knows of the chains.
#[derive(Debug)]
pub(super) struct Chains {
    vault: Vault,
    /// Where each chain ended when this program last wrote: a head that is older was put back.
    known: HashMap<Tenant, (u64, Hash)>,
}

impl Chains {
    pub fn new(vault: Vault) -> Self {
        Self { vault, known: HashMap::new() }
    }

    /// Appends rows to their chains. What is remembered counts only after [`Self::committed`].
    pub async fn append(
        &self,
        connection: &mut AnyConnection,
        rows: &[(&Tenant, &AuditRow)],
    ) -> Result<Vec<(Tenant, u64, Hash)>, StoreError> {
        let mut by_tenant: BTreeMap<&Tenant, Vec<&AuditRow>> = BTreeMap::new();
        for (tenant, row) in rows {
            by_tenant.entry(tenant).or_default().push(row);
        }
        // The installation's chain last: it gets a row for each chain that begins. The order is the same for every
        // program, so that two never wait for each other.
        let own = by_tenant.remove(&Tenant::none()).unwrap_or_default();
        let mut started = Vec::new();
        let mut moved = Vec::new();
        for (tenant, rows) in by_tenant {
            let (new, end) = self.extend(&mut *connection, tenant, rows.iter().copied()).await?;
            if new {
                started.push(chain_row(CHAIN_START, rows.first().map_or(0, |row| row.at), tenant.0.clone()));
            }
            moved.push((tenant.clone(), end.0, end.1));
        }
        if !own.is_empty() || !started.is_empty() {
            let none = Tenant::none();
            let rows = started.iter().chain(own);
            let (_, end) = self.extend(connection, &none, rows).await?;
            moved.push((none, end.0, end.1));
        }
        Ok(moved)
    }

    /// Lets a tenant's chain go with the tenant, and says so in the installation's.
    pub async fn end(
        &self,
        connection: &mut AnyConnection,
        tenant: &Tenant,
        at: u64,
    ) -> Result<Vec<(Tenant, u64, Hash)>, StoreError> {
        for sentence in [sql::audit::REMOVE_ALL, sql::audit::REMOVE_HEAD] {
            sqlx::query(sentence).bind(tenant.0.as_str()).execute(&mut *connection).await?;
        }
        let row = chain_row(CHAIN_END, at, tenant.0.clone());
        self.append(connection, &[(&Tenant::none(), &row)]).await
    }

    /// A tenant's chain was let go: one that begins anew is not older than it.
    pub fn forget(&mut self, tenant: &Tenant) {
        self.known.remove(tenant);
    }

    /// What was appended is on the disk.
    pub fn committed(&mut self, moved: Vec<(Tenant, u64, Hash)>) {
        /// Chains that are remembered.
        const KNOWN: usize = 10_000;
        if self.known.len() > KNOWN {
            self.known.clear();
        }
        self.known.extend(moved.into_iter().map(|(tenant, number, hash)| (tenant, (number, hash))));
    }

    async fn extend<'a>(
        &self,
        connection: &mut AnyConnection,
        tenant: &Tenant,
        rows: impl Iterator<Item = &'a AuditRow>,
    ) -> Result<(bool, (u64, Hash)), StoreError> {
        let mut kept = lock(&mut *connection, tenant).await?;
        let new = kept.is_new();
        let next = kept.head.last + 1;
        // Extending a head that somebody forged would make it right again: it is marked instead, for good.
        // The installation's chain is begun, and vouched for, before anything is written to it.
        let forged = (!new || *tenant == Tenant::none()) && !kept.is_vouched(&self.vault, tenant)?;
        let set_back = self.known.get(tenant).is_some_and(|(number, hash)| {
            kept.head.last < *number || (kept.head.last == *number && kept.head.hash != *hash)
        });
        if (forged || set_back) && kept.head.broken_at == 0 {
            tracing::error!(%tenant, entry = next, forged, set_back, "the audit log was changed from outside");
            kept.head.broken_at = next;
        }
        for row in rows {
            let mut entry = self.seal(tenant, kept.head.last + 1, row)?;
            kept.head.append(&tenant.0, &mut entry);
            add(&mut *connection, tenant, &entry).await?;
        }
        put(connection, &self.vault, tenant, &kept.head).await?;
        Ok((new, (kept.head.last, kept.head.hash)))
    }

    fn seal(&self, tenant: &Tenant, number: u64, row: &AuditRow) -> Result<Entry, StoreError> {
        let name = number.to_string();
        let seal = |column, text: &str| {
            let place = Place { tenant: &tenant.0, table: TABLE, column, row: &name };
            match self.vault.seal(&place, text.as_bytes()) {
                // The tenant is being deleted: that something happened is still written, without what is personal.
                Err(VaultError::Destroyed) => Ok(Vec::new()),
                other => other,
            }
        };
        Ok(Entry {
            number,
            at: row.at,
            actor: row.actor.clone(),
            action: row.action.clone(),
            session: row.session.clone(),
            outcome: row.outcome.clone(),
            security: row.security,
            address: seal("address", &row.address)?,
            detail: seal("detail", &row.detail)?,
            previous: [0; 32],
        })
    }
}

/// A row of the installation's chain about tenants' chains.
pub(super) fn chain_row(action: &str, at: u64, detail: String) -> AuditRow {
    AuditRow {
        at,
        actor: "service".into(),
        action: action.into(),
        session: None,
        outcome: "ok".into(),
        address: String::new(),
        detail,
        security: false,
    }
}

/// The head, locked until the transaction ends.
pub(super) async fn lock(connection: &mut AnyConnection, tenant: &Tenant) -> Result<Kept, StoreError> {
    let start = Head::start(&tenant.0);
    let row = sqlx::query(sql::audit::LOCK_HEAD)
        .bind(tenant.0.as_str())
        .bind(to_i64(start.first))
        .bind(start.base.to_vec())
        .bind(to_i64(start.last))
        .bind(start.hash.to_vec())
        .bind(to_i64(start.broken_at))
        .bind(Vec::<u8>::new())
        .fetch_one(connection)
        .await?;
    Kept::read(&row)
}

/// Keeps a head, vouched for.
pub(super) async fn put(
    connection: &mut AnyConnection,
    vault: &Vault,
    tenant: &Tenant,
    head: &Head,
) -> Result<(), StoreError> {
    let version = vault.mac_version()?;
    let mac = vault.mac(version, PURPOSE, &head.bytes(&tenant.0))?;
    sqlx::query(sql::audit::PUT_HEAD)
        .bind(tenant.0.as_str())
        .bind(to_i64(head.first))
        .bind(head.base.to_vec())
        .bind(to_i64(head.last))
        .bind(head.hash.to_vec())
        .bind(to_i64(head.broken_at))
        .bind(i64::from(version))
        .bind(mac)
        .execute(connection)
        .await?;
    Ok(())
}

async fn add(connection: &mut AnyConnection, tenant: &Tenant, entry: &Entry) -> Result<(), StoreError> {
    sqlx::query(sql::audit::ADD)
        .bind(tenant.0.as_str())
        .bind(to_i64(entry.number))
        .bind(to_i64(entry.at))
        .bind(entry.actor.as_str())
        .bind(entry.action.as_str())
        .bind(entry.session.as_deref())
        .bind(entry.outcome.as_str())
        .bind(i64::from(entry.security))
        .bind(entry.address.clone())
        .bind(entry.detail.clone())
        .bind(entry.previous.to_vec())
        .execute(connection)
        .await?;
    Ok(())
}
