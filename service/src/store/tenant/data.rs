//! How long a tenant's content is kept, and what was deleted of it.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::TenantStore;
use crate::store::rows::{to_i64, to_u64};
use crate::store::{Store, StoreError, Tenant, sql};
use crate::vault::{Signed, Signer};

/// The one signing key's name.
const SIGNING_KEY: &str = "1";

/// How long content is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Ended sessions are deleted after this many days; `None` keeps them.
    pub days: Option<u32>,
    /// When the subscription ends, milliseconds since 1970.
    pub subscription_ends_at: Option<u64>,
}

/// What is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// What belongs to these sessions: a customer's content.
    Sessions(Vec<String>),
    /// What belongs to any session.
    AllSessions,
    /// The tenant itself with everything.
    Tenant,
}

impl Subject {
    /// Its name in the record.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sessions(_) => "sessions",
            Self::AllSessions => "all_sessions",
            Self::Tenant => "organisation",
        }
    }
}

/// A request for deletion, and its confirmation once it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Identifier.
    pub id: String,
    /// What.
    pub subject: Subject,
    /// Who asked: `user:<id>`, `operator` or `service`.
    pub requested_by: String,
    /// Milliseconds since 1970.
    pub requested_at: u64,
    /// Not before this time, milliseconds since 1970.
    pub due_at: u64,
    /// When it was done, milliseconds since 1970.
    pub done_at: Option<u64>,
    /// The statement that confirms it and its signature (Ed25519, base64).
    pub confirmation: Option<(String, String)>,
}

impl Store {
    /// Deletions whose time has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deletions_due(&self, now: u64) -> Result<Vec<(Tenant, String)>, StoreError> {
        let rows = sqlx::query(sql::door::DELETIONS_DUE).bind(to_i64(now)).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok((Tenant(row.try_get(0)?), row.try_get(1)?))).collect()
    }

    /// Tenants whose subscription ended before this time, and for which no deletion was asked yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn subscriptions_ended(&self, before: u64) -> Result<Vec<Tenant>, StoreError> {
        let rows =
            sqlx::query(sql::door::SUBSCRIPTIONS_ENDED).bind(to_i64(before)).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok(Tenant(row.try_get(0)?))).collect()
    }

    /// Tenants with a retention time, in days.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retention_times(&self) -> Result<Vec<(Tenant, u32)>, StoreError> {
        let rows = sqlx::query(sql::door::RETENTION_TIMES).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok((Tenant(row.try_get(0)?), to_days(row.try_get(1)?)))).collect()
    }

    /// What signs confirmations; made when it is first needed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn signer(&self, now: u64) -> Result<Signer, StoreError> {
        let kept = async || -> Result<Option<Vec<u8>>, StoreError> {
            let row = sqlx::query(sql::data::SIGNING_KEY)
                .bind("")
                .bind(SIGNING_KEY)
                .fetch_optional(&self.read)
                .await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        };
        if let Some(sealed) = kept().await? {
            return Ok(Signer::open(&self.vault, &sealed)?);
        }
        let (_, sealed) = Signer::generate(&self.vault)?;
        sqlx::query(sql::data::ADD_SIGNING_KEY)
            .bind("")
            .bind(SIGNING_KEY)
            .bind(sealed)
            .bind(to_i64(now))
            .execute(&self.write)
            .await?;
        // Another program may have been first.
        let sealed = kept().await?.ok_or(StoreError::Unreadable { what: "signing key" })?;
        Ok(Signer::open(&self.vault, &sealed)?)
    }
}

impl TenantStore {
    /// How long content is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retention(&self) -> Result<Retention, StoreError> {
        let row = sqlx::query(sql::data::RETENTION)
            .bind(self.tenant.0.as_str())
            .fetch_optional(&self.store.read)
            .await?;
        let Some(row) = row else { return Ok(Retention::default()) };
        let (days, ends): (Option<i64>, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Retention { days: days.map(to_days), subscription_ends_at: ends.map(to_u64) })
    }

    /// Sets after how many days ended sessions are deleted; `None` keeps them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_retention_days(&self, days: Option<u32>) -> Result<(), StoreError> {
        sqlx::query(sql::data::SET_DAYS)
            .bind(self.tenant.0.as_str())
            .bind(days.map(i64::from))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Sets when the subscription ends, milliseconds since 1970; `None` for no end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_subscription_end(&self, at: Option<u64>) -> Result<(), StoreError> {
        sqlx::query(sql::data::SET_SUBSCRIPTION_END)
            .bind(self.tenant.0.as_str())
            .bind(at.map(to_i64))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Sessions and audit entries that are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept(&self) -> Result<(u64, u64), StoreError> {
        let count = async |sentence: &'static str| -> Result<u64, StoreError> {
            let row = sqlx::query(sentence).bind(self.tenant.0.as_str()).fetch_one(&self.store.read).await?;
            Ok(to_u64(row.try_get(0)?))
        };
        Ok((count(sql::data::COUNT_SESSIONS).await?, count(sql::data::COUNT_AUDIT).await?))
    }

    /// Sessions that ended before this time (milliseconds since 1970), at most so many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions_ended_before(&self, time: u64, at_most: u32) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(sql::data::ENDED_BEFORE)
            .bind(self.tenant.0.as_str())
            .bind(to_i64(time))
            .bind(i64::from(at_most))
            .fetch_all(&self.store.read)
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Sessions that have not ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions_open(&self) -> Result<Vec<String>, StoreError> {
        let rows =
            sqlx::query(sql::data::OPEN).bind(self.tenant.0.as_str()).fetch_all(&self.store.read).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Writes down that a deletion was asked for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_deletion(&self, deletion: &Deletion) -> Result<(), StoreError> {
        let sessions: &[String] = match &deletion.subject {
            Subject::Sessions(sessions) => sessions,
            Subject::AllSessions | Subject::Tenant => &[],
        };
        sqlx::query(sql::data::ADD_DELETION)
            .bind(self.tenant.0.as_str())
            .bind(deletion.id.as_str())
            .bind(deletion.subject.name())
            .bind(serde_json::to_string(sessions).expect("a list of words"))
            .bind(deletion.requested_by.as_str())
            .bind(to_i64(deletion.requested_at))
            .bind(to_i64(deletion.due_at))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Writes down that a deletion was done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm_deletion(&self, id: &str, at: u64, signed: &Signed) -> Result<(), StoreError> {
        sqlx::query(sql::data::CONFIRM_DELETION)
            .bind(self.tenant.0.as_str())
            .bind(id)
            .bind(to_i64(at))
            .bind(signed.statement.as_str())
            .bind(signed.signature.as_str())
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// The deletions, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deletions(&self, at_most: u32) -> Result<Vec<Deletion>, StoreError> {
        let rows = sqlx::query(sql::data::DELETIONS)
            .bind(self.tenant.0.as_str())
            .bind(i64::from(at_most))
            .fetch_all(&self.store.read)
            .await?;
        rows.iter().map(read_deletion).collect()
    }

    /// One deletion.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deletion(&self, id: &str) -> Result<Option<Deletion>, StoreError> {
        let row = sqlx::query(sql::data::DELETION)
            .bind(self.tenant.0.as_str())
            .bind(id)
            .fetch_optional(&self.store.read)
            .await?;
        row.map(|row| read_deletion(&row)).transpose()
    }
}

fn read_deletion(row: &AnyRow) -> Result<Deletion, StoreError> {
    let unreadable = || StoreError::Unreadable { what: "record of a deletion" };
    let (subject, sessions): (String, String) = (row.try_get(1)?, row.try_get(2)?);
    let subject = match subject.as_str() {
        "sessions" => Subject::Sessions(serde_json::from_str(&sessions).map_err(|_| unreadable())?),
        "all_sessions" => Subject::AllSessions,
        "organisation" => Subject::Tenant,
        _ => return Err(unreadable()),
    };
    let done: Option<i64> = row.try_get(6)?;
    let (statement, signature): (Option<String>, Option<String>) = (row.try_get(7)?, row.try_get(8)?);
    Ok(Deletion {
        id: row.try_get(0)?,
        subject,
        requested_by: row.try_get(3)?,
        requested_at: to_u64(row.try_get(4)?),
        due_at: to_u64(row.try_get(5)?),
        done_at: done.map(to_u64),
        confirmation: statement.zip(signature),
    })
}

fn to_days(days: i64) -> u32 {
    u32::try_from(days).unwrap_or(u32::MAX)
}
