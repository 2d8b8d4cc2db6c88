//! Receipts that were sealed to the tenant's key. The service keeps what it cannot open.

use sqlx::Row as _;

use super::TenantStore;
use crate::store::rows::{to_i64, to_u64};
use crate::store::{StoreError, sql};

/// The public half of a tenant's key for receipts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptKeyRow {
    /// X25519, 32 bytes.
    pub public: Vec<u8>,
    /// When it was made.
    pub made_at: u64,
}

/// A receipt, without what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Of this session.
    pub session: String,
    /// For comparing with the customer's copy.
    pub number: String,
    /// When it was kept.
    pub at: u64,
}

impl TenantStore {
    /// The key's public half.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt_key(&self) -> Result<Option<ReceiptKeyRow>, StoreError> {
        let row = ask!(self, sql::receipts::KEY).fetch_optional(&self.store.read).await?;
        row.map(|row| Ok(ReceiptKeyRow { public: row.try_get(0)?, made_at: to_u64(row.try_get(1)?) }))
            .transpose()
    }

    /// Sets it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_receipt_key(&self, public: Vec<u8>, by: &str, now: u64) -> Result<(), StoreError> {
        ask!(self, sql::receipts::PUT_KEY, public, to_i64(now), by).execute(&self.store.write).await?;
        Ok(())
    }

    /// Whose a session is, and when it ended; `None` where there is no such session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_owner(&self, session: &str) -> Result<Option<(String, Option<u64>)>, StoreError> {
        let row = ask!(self, sql::receipts::SESSION, session).fetch_optional(&self.store.read).await?;
        row.map(|row| Ok((row.try_get(0)?, row.try_get::<Option<i64>, _>(1)?.map(to_u64)))).transpose()
    }

    /// Keeps a session's receipt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_receipt(&self, row: &ReceiptRow, letter: Vec<u8>) -> Result<(), StoreError> {
        ask!(self, sql::receipts::PUT, row.session.as_str(), row.number.as_str(), to_i64(row.at), letter)
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// A session's receipt, sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt(&self, session: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = ask!(self, sql::receipts::LETTER, session).fetch_optional(&self.store.read).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Which sessions have one, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipts(&self, at_most: u32) -> Result<Vec<ReceiptRow>, StoreError> {
        let rows = ask!(self, sql::receipts::LIST, i64::from(at_most)).fetch_all(&self.store.read).await?;
        rows.iter()
            .map(|row| {
                Ok(ReceiptRow {
                    session: row.try_get(0)?,
                    number: row.try_get(1)?,
                    at: to_u64(row.try_get(2)?),
                })
            })
            .collect()
    }
}
