//! Sealing a tenant's columns.

use super::TenantStore;
use crate::store::StoreError;
use crate::vault::Place;

impl TenantStore {
    /// Seals what goes into a BLOB column of this row. `row` is the row's key columns besides the tenant, joined by
    /// `/`, bytes as lower-case hex; it must be the row under which the value is opened again.
    ///
    /// Columns that are sealed are named in `store/catalogue.rs`, so that they are exported, deleted and sealed again
    /// when keys rotate.
    ///
    /// # Errors
    /// [`StoreError::Vault`].
    pub fn seal(
        &self,
        table: &'static str,
        column: &'static str,
        row: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let place = Place { tenant: &self.tenant.0, table, column, row };
        Ok(self.store.vault.seal(&place, plain)?)
    }

    /// Opens what stands in a sealed column of this row.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when it was moved or changed, or the tenant's key was destroyed.
    pub fn open(
        &self,
        table: &'static str,
        column: &'static str,
        row: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let place = Place { tenant: &self.tenant.0, table, column, row };
        Ok(self.store.vault.open_value(&place, sealed)?)
    }

    /// [`Self::open`] for text.
    ///
    /// # Errors
    /// As [`Self::open`]; [`StoreError::Unreadable`] when it is no UTF-8.
    pub fn open_text(
        &self,
        table: &'static str,
        column: &'static str,
        row: &str,
        sealed: &[u8],
    ) -> Result<String, StoreError> {
        String::from_utf8(self.open(table, column, row, sealed)?)
            .map_err(|_| StoreError::Unreadable { what: "sealed text" })
    }
}
