//! Checking the chains, and letting old entries go.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection as _, Row as _};

use super::read::AT_ONCE;
use super::{CHAIN_END, CHAIN_START, CHAINS, Kept, chain_row, lock, put, read_entry};
use crate::audit::chain::{Finding, Head, Report, Verifier};
use crate::store::rows::{to_i64, to_u64};
use crate::store::{Store, StoreError, Tenant, TenantStore, sql};

/// What was found in one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Whose chain; none for the installation's own.
    pub tenant: Tenant,
    /// Where it ends, to be kept outside: a later check can ask for it.
    pub head: Option<Head>,
    /// What was found.
    pub report: Report,
}

impl Store {
    /// Begins the installation's chain. Where there is none although there are tenants, somebody removed it.
    pub(crate) async fn begin_audit(&self) -> Result<(), StoreError> {
        let none = Tenant::none();
        if self.tenant(none.clone()).audit_head().await?.is_some() {
            return Ok(());
        }
        let mut connection = self.write.acquire().await?;
        let mut transaction = connection.begin().await?;
        let mut head = lock(&mut transaction, &none).await?.head;
        if self.is_set_up().await? || self.chains().await?.len() > 1 {
            tracing::error!("the installation's audit log is gone");
            head.broken_at = 1;
        }
        put(&mut transaction, &self.vault, &none, &head).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Everybody who has or should have a chain.
    async fn chains(&self) -> Result<BTreeSet<Tenant>, StoreError> {
        let mut tenants = BTreeSet::from([Tenant::none()]);
        for sentence in [sql::door::CHAINS, sql::door::CHAINS_WITHOUT_HEAD] {
            for row in sqlx::query(sentence).fetch_all(&self.read).await? {
                tenants.insert(Tenant(row.try_get(0)?));
            }
        }
        Ok(tenants)
    }

    /// Checks every chain, and that none was removed as a whole.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read, which is not the same as a chain that is wrong.
    pub async fn verify_audit(&self) -> Result<Vec<ChainReport>, StoreError> {
        let mut wanted = self.chains().await?;
        let begun = self.begun_chains().await?;
        wanted.extend(begun.keys().cloned());
        let mut reports = Vec::new();
        for tenant in wanted {
            let mut checked = self.tenant(tenant.clone()).verify_audit().await?;
            if tenant != Tenant::none() {
                let begun = begun.get(&tenant).copied().unwrap_or(0);
                // Begun twice without an end between: the first was removed. Ended, and there is none: as it should be.
                match (&checked.head, begun) {
                    (None, 0) if checked.report.entries == 0 => continue,
                    (Some(_), 1) => {}
                    (Some(_) | None, _) => {
                        if !checked.report.findings.contains(&Finding::NoHead) {
                            checked.report.add(Finding::NoHead);
                        }
                    }
                }
            }
            reports.push(checked);
        }
        Ok(reports)
    }

    /// Chains that began and did not end, by how often.
    async fn begun_chains(&self) -> Result<BTreeMap<Tenant, i64>, StoreError> {
        let none = self.tenant(Tenant::none());
        let rows = sqlx::query(sql::audit::ABOUT_CHAINS)
            .bind("")
            .bind(CHAIN_START)
            .bind(CHAIN_END)
            .bind(CHAINS)
            .fetch_all(&self.read)
            .await?;
        let mut begun = BTreeMap::new();
        for row in rows {
            let (number, action): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
            let sealed: Vec<u8> = row.try_get(2)?;
            // What does not open is found in the chain itself.
            let Ok(detail) = none.open_text(super::TABLE, "detail", &number.to_string(), &sealed) else {
                continue;
            };
            match action.as_str() {
                CHAIN_START => *begun.entry(Tenant(detail)).or_insert(0) += 1,
                CHAIN_END => *begun.entry(Tenant(detail)).or_insert(0) -= 1,
                _ => begun = serde_json::from_str(&detail).unwrap_or(begun),
            }
        }
        begun.retain(|_, count| *count != 0);
        Ok(begun)
    }

    /// Lets entries of the installation's own chain from before this time go. Which chains stand is written down first,
    /// since the entries that say so may be among them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prune_own_audit(&self, before: u64, now: u64) -> Result<u64, StoreError> {
        let none = self.tenant(Tenant::none());
        if none.oldest_audit().await?.is_none_or(|at| at >= before) {
            return Ok(0);
        }
        let standing = serde_json::to_string(&self.begun_chains().await?).expect("the list is plain data");
        none.audit(chain_row(CHAINS, now, standing)).wait().await?;
        none.prune_audit(before).await
    }
}

impl TenantStore {
    /// Where the chain ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_head(&self) -> Result<Option<Head>, StoreError> {
        Ok(self.kept_head().await?.map(|kept| kept.head))
    }

    /// When the first entry that is kept was written, milliseconds since 1970.
    async fn oldest_audit(&self) -> Result<Option<u64>, StoreError> {
        let row = sqlx::query(sql::audit::AFTER)
            .bind(self.tenant.0.as_str())
            .bind(0_i64)
            .bind(1_i64)
            .fetch_optional(&self.store.read)
            .await?;
        row.map(|row| Ok(read_entry(&row)?.at)).transpose()
    }

    async fn kept_head(&self) -> Result<Option<Kept>, StoreError> {
        let row = sqlx::query(sql::audit::HEAD)
            .bind(self.tenant.0.as_str())
            .fetch_optional(&self.store.read)
            .await?;
        row.map(|row| Kept::read(&row)).transpose()
    }

    /// Checks this tenant's chain.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be read.
    pub async fn verify_audit(&self) -> Result<ChainReport, StoreError> {
        // One moment for head and entries, while the service may be writing.
        let mut connection = self.store.read.acquire().await?;
        let mut moment = connection.begin_with(self.store.back_end.snapshot()).await?;
        let head =
            sqlx::query(sql::audit::HEAD).bind(self.tenant.0.as_str()).fetch_optional(&mut *moment).await?;
        let kept = head.map(|row| Kept::read(&row)).transpose()?;
        let (head, vouched) = match &kept {
            Some(kept) => (kept.head.clone(), kept.is_vouched(&self.store.vault, &self.tenant)?),
            None => (Head::start(&self.tenant.0), true),
        };
        let mut verifier = Verifier::new(&self.tenant.0, head, vouched);
        let (mut after, mut any) = (-1_i64, false);
        loop {
            let rows = sqlx::query(sql::audit::AFTER)
                .bind(self.tenant.0.as_str())
                .bind(after)
                .bind(i64::from(AT_ONCE))
                .fetch_all(&mut *moment)
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.try_get(0)?;
            any = true;
            for row in &rows {
                let entry = read_entry(row)?;
                verifier.handle(&entry, self.audit_opens(&entry));
            }
        }
        moment.commit().await?;
        let mut report = verifier.finish();
        if kept.is_none() && (any || self.tenant == Tenant::none()) {
            report.add(Finding::NoHead);
        }
        Ok(ChainReport { tenant: self.tenant.clone(), head: kept.map(|kept| kept.head), report })
    }

    /// Lets entries from before this time go (milliseconds since 1970), as the retention time says. The chain's new
    /// beginning is vouched for. Returns how many went.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prune_audit(&self, before: u64) -> Result<u64, StoreError> {
        let mut connection = self.store.write.acquire().await?;
        let mut transaction = connection.begin().await?;
        let kept = lock(&mut transaction, &self.tenant).await?;
        // Nothing is taken from a chain that is not as the service left it: it is evidence.
        if !kept.is_vouched(&self.store.vault, &self.tenant)? || kept.head.broken_at > 0 {
            transaction.rollback().await?;
            return Ok(0);
        }
        let since = sqlx::query(sql::audit::FIRST_SINCE)
            .bind(self.tenant.0.as_str())
            .bind(to_i64(before))
            .fetch_optional(&mut *transaction)
            .await?;
        let last_gone = match since {
            Some(row) => to_u64(row.try_get(0)?).saturating_sub(1),
            None => kept.head.last,
        };
        if last_gone < kept.head.first {
            transaction.rollback().await?;
            return Ok(0);
        }
        let row = sqlx::query(sql::audit::ONE)
            .bind(self.tenant.0.as_str())
            .bind(to_i64(last_gone))
            .fetch_one(&mut *transaction)
            .await?;
        let base = read_entry(&row)?.hash(&self.tenant.0);
        let head = Head { first: last_gone + 1, base, ..kept.head };
        let gone = sqlx::query(sql::audit::REMOVE_UNTIL)
            .bind(self.tenant.0.as_str())
            .bind(to_i64(last_gone))
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        put(&mut transaction, &self.store.vault, &self.tenant, &head).await?;
        transaction.commit().await?;
        Ok(gone)
    }
}
