//! Sessions that were.

use std::collections::HashMap;

use sqlx::Row as _;

use super::TenantStore;
use super::people::count;
use crate::store::rows::{PastRow, policy_of, reason_of, result_of, to_i64, to_u64};
use crate::store::{StoreError, sql};

impl TenantStore {
    /// Sessions made from `from` until before `to`, newest first, those before `before` (a time and an identifier).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(
        &self,
        from: u64,
        to: u64,
        before: Option<(u64, &str)>,
        at_most: u32,
    ) -> Result<Vec<PastRow>, StoreError> {
        let (before_at, before_id) = before.unwrap_or((u64::MAX, ""));
        let rows = ask!(
            self,
            sql::history::HISTORY,
            to_i64(from),
            to_i64(to),
            to_i64(before_at),
            before_id,
            i64::from(at_most)
        )
        .fetch_all(&self.store.read)
        .await?;
        rows.into_iter()
            .map(|row| {
                let ended_at: Option<i64> = row.try_get(4)?;
                let reason: Option<String> = row.try_get(5)?;
                let (id, result): (String, Option<String>) = (row.try_get(0)?, row.try_get(7)?);
                let note = match row.try_get::<Option<Vec<u8>>, _>(8)? {
                    Some(sealed) => self.open_text("session_notes", "note", &id, &sealed)?,
                    None => String::new(),
                };
                Ok(PastRow {
                    id,
                    owner: row.try_get(1)?,
                    created_at: to_u64(row.try_get(2)?),
                    joined_at: row.try_get::<Option<i64>, _>(3)?.map(to_u64),
                    ended_at: ended_at.map(to_u64),
                    reason: reason.as_deref().map(reason_of),
                    recorded: policy_of(&row.try_get::<String, _>(6)?)?.recorded,
                    result: result.as_deref().map(result_of).transpose()?,
                    note,
                    chat: count(row.try_get(9)?) > 0,
                })
            })
            .collect()
    }

    /// Whether there is, or was, such a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_session(&self, id: &str) -> Result<bool, StoreError> {
        Ok(ask!(self, sql::history::SESSION, id).fetch_optional(&self.store.read).await?.is_some())
    }

    /// The names of technicians who are no longer here, by identifier, as their sessions between two times had them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn former_names(&self, from: u64, to: u64) -> Result<HashMap<String, String>, StoreError> {
        let rows = ask!(self, sql::history::OWNER_NAMES, to_i64(from), to_i64(to))
            .fetch_all(&self.store.read)
            .await?;
        rows.into_iter()
            .map(|row| {
                let (session, participant): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
                let name: Vec<u8> = row.try_get(2)?;
                let name =
                    self.open_text("participants", "name", &format!("{session}/{participant}"), &name)?;
                Ok((row.try_get(3)?, name))
            })
            .collect()
    }
}
