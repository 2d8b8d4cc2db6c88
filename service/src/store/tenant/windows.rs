//! The list of windows that agents keep out of the picture, or in which nobody but the customer acts.

use farhand_protocol::api::WindowRule;
use sqlx::Row as _;

use super::TenantStore;
use crate::store::rows::to_i64;
use crate::store::{StoreError, sql};

impl TenantStore {
    /// The list, in the order in which it was written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn window_rules(&self) -> Result<Vec<WindowRule>, StoreError> {
        let row = ask!(self, sql::windows::RULES).fetch_optional(&self.store.read).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let sealed: Vec<u8> = row.try_get(0)?;
        let rules = self.open("window_rules", "rules", "", &sealed)?;
        serde_json::from_slice(&rules).map_err(|_| StoreError::Unreadable { what: "list of windows" })
    }

    /// Another list in its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_window_rules(&self, rules: &[WindowRule], now: u64) -> Result<(), StoreError> {
        let plain = serde_json::to_vec(rules).expect("rules are JSON");
        let sealed = self.seal("window_rules", "rules", "", &plain)?;
        ask!(self, sql::windows::PUT_RULES, sealed, to_i64(now)).execute(&self.store.write).await?;
        Ok(())
    }
}
