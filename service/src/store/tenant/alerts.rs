//! Who is told of a tenant's security events, and how far they have been told. The audit log itself is the queue: nobody
//! misses an event because the service was restarted or a receiver was away.

use std::collections::BTreeSet;

use sqlx::Row as _;

use super::TenantStore;
use crate::identity::random_id;
use crate::store::rows::{to_i64, to_u64};
use crate::store::{Store, StoreError, Tenant, sql};

/// The table, as values are sealed for it.
const TABLE: &str = "alert_targets";

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertWay {
    /// By a request to this https address.
    Webhook(String),
    /// By mail to this address.
    Mail(String),
}

impl AlertWay {
    fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Mail(_) => "mail",
        }
    }

    fn target(&self) -> &str {
        match self {
            Self::Webhook(target) | Self::Mail(target) => target,
        }
    }
}

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertTarget {
    /// Identifier.
    pub id: String,
    /// How.
    pub way: AlertWay,
    /// The last entry that was told.
    pub sent: u64,
    /// How often telling has failed since.
    pub failures: u64,
    /// Not before this time, milliseconds since 1970.
    pub retry_at: u64,
}

impl Store {
    /// Every tenant that has somebody to tell; the installation is among them as no tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tenants_with_alerts(&self) -> Result<Vec<Tenant>, StoreError> {
        let rows = sqlx::query(sql::door::WITH_ALERTS).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok(Tenant(row.try_get(0)?))).collect()
    }
}

impl TenantStore {
    /// Who is told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alerts(&self) -> Result<Vec<AlertTarget>, StoreError> {
        let rows =
            sqlx::query(sql::alerts::ALL).bind(self.tenant.0.as_str()).fetch_all(&self.store.read).await?;
        rows.iter()
            .map(|row| {
                let (id, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let sealed: Vec<u8> = row.try_get(2)?;
                let target = self.open_text(TABLE, "target", &id, &sealed)?;
                let way = match kind.as_str() {
                    "webhook" => AlertWay::Webhook(target),
                    "mail" => AlertWay::Mail(target),
                    _ => return Err(StoreError::Unreadable { what: "way to tell of security events" }),
                };
                Ok(AlertTarget {
                    id,
                    way,
                    sent: to_u64(row.try_get(3)?),
                    failures: to_u64(row.try_get(4)?),
                    retry_at: to_u64(row.try_get(5)?),
                })
            })
            .collect()
    }

    /// Sets who is told. Whoever stays is told from where they were; whoever is new, from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_alerts(&self, wanted: &BTreeSet<AlertWay>, now: u64) -> Result<(), StoreError> {
        let last = self.audit_head().await?.map_or(0, |head| head.last);
        let standing = self.alerts().await?;
        let mut transaction = self.store.write.begin().await?;
        for target in standing.iter().filter(|target| !wanted.contains(&target.way)) {
            sqlx::query(sql::alerts::REMOVE)
                .bind(self.tenant.0.as_str())
                .bind(target.id.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        for way in wanted.iter().filter(|way| standing.iter().all(|target| target.way != **way)) {
            let id = random_id(8);
            sqlx::query(sql::alerts::ADD)
                .bind(self.tenant.0.as_str())
                .bind(id.as_str())
                .bind(way.kind())
                .bind(self.seal(TABLE, "target", &id, way.target().as_bytes())?)
                .bind(to_i64(last))
                .bind(to_i64(now))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Somebody was told up to this entry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alert_sent(&self, id: &str, number: u64) -> Result<(), StoreError> {
        sqlx::query(sql::alerts::SENT)
            .bind(self.tenant.0.as_str())
            .bind(id)
            .bind(to_i64(number))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Somebody could not be told; not to be tried again before this time (milliseconds since 1970).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn alert_failed(&self, id: &str, retry_at: u64) -> Result<(), StoreError> {
        sqlx::query(sql::alerts::FAILED)
            .bind(self.tenant.0.as_str())
            .bind(id)
            .bind(to_i64(retry_at))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }
}
