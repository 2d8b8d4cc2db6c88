//! The data of one tenant. Each subject is a file of its own beside this one.

mod sealed;

use farhand_protocol::ParticipantId;
use sqlx::Row as _;

use super::door::optional_hash;
use super::rows::{participant_role_of, role_name, role_of, to_i64, to_u64};
use super::{
    AuditRow, ParticipantRow, ParticipantSecret, SignInRow, Store, StoreError, Tenant, UserRow,
    UserWithPassword, Write, Written, sql,
};

/// A handle on the data of one tenant; nothing of another tenant can be reached through it.
#[derive(Clone, Debug)]
pub struct TenantStore {
    store: Store,
    tenant: Tenant,
}

impl TenantStore {
    pub(super) fn new(store: Store, tenant: Tenant) -> Self {
        Self { store, tenant }
    }

    /// Which tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Creates the tenant with its first user, both or neither.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when either is there already.
    pub async fn create(&self, name: &str, first: &UserWithPassword, now: u64) -> Result<(), StoreError> {
        let mut transaction = self.store.write.begin().await?;
        sqlx::query(sql::tenant::CREATE)
            .bind(self.tenant.0.as_str())
            .bind(name)
            .bind(to_i64(now))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(sql::tenant::ADD_USER)
            .bind(self.tenant.0.as_str())
            .bind(first.user.id.as_str())
            .bind(first.user.email.as_str())
            .bind(first.user.name.as_str())
            .bind(role_name(first.user.role))
            .bind(first.password_hash.as_str())
            .bind(to_i64(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the address is in use.
    pub async fn add_user(&self, user: &UserWithPassword, now: u64) -> Result<(), StoreError> {
        sqlx::query(sql::tenant::ADD_USER)
            .bind(self.tenant.0.as_str())
            .bind(user.user.id.as_str())
            .bind(user.user.email.as_str())
            .bind(user.user.name.as_str())
            .bind(role_name(user.user.role))
            .bind(user.password_hash.as_str())
            .bind(to_i64(now))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Sets a user's password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_password(&self, user: &str, password_hash: &str) -> Result<(), StoreError> {
        sqlx::query(sql::tenant::SET_PASSWORD)
            .bind(self.tenant.0.as_str())
            .bind(user)
            .bind(password_hash)
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// The tenant's name, or `None` when there is no such tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn name(&self) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(sql::tenant::NAME)
            .bind(self.tenant.0.as_str())
            .fetch_optional(&self.store.read)
            .await?;
        Ok(row.map(|r| r.try_get(0)).transpose()?)
    }

    /// One user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(&self, id: &str) -> Result<Option<UserRow>, StoreError> {
        let row = sqlx::query(sql::tenant::USER)
            .bind(self.tenant.0.as_str())
            .bind(id)
            .fetch_optional(&self.store.read)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let role: String = row.try_get(3)?;
        Ok(Some(UserRow {
            id: row.try_get(0)?,
            email: row.try_get(1)?,
            name: row.try_get(2)?,
            role: role_of(&role)?,
        }))
    }

    /// Keeps a sign-in and drops those of the same user that are past their time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_sign_in(&self, row: &SignInRow) -> Result<(), StoreError> {
        let mut transaction = self.store.write.begin().await?;
        sqlx::query(sql::tenant::SWEEP_SIGN_INS)
            .bind(self.tenant.0.as_str())
            .bind(row.user.as_str())
            .bind(to_i64(row.created_at))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(sql::tenant::ADD_SIGN_IN)
            .bind(self.tenant.0.as_str())
            .bind(row.token_hash.to_vec())
            .bind(row.user.as_str())
            .bind(to_i64(row.created_at))
            .bind(to_i64(row.expires_at))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends a sign-in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_sign_in(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query(sql::tenant::REMOVE_SIGN_IN)
            .bind(self.tenant.0.as_str())
            .bind(token_hash.to_vec())
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// The participants of a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn participants(&self, session: &str) -> Result<Vec<ParticipantRow>, StoreError> {
        let rows = sqlx::query(sql::tenant::PARTICIPANTS)
            .bind(self.tenant.0.as_str())
            .bind(session)
            .fetch_all(&self.store.read)
            .await?;
        rows.into_iter()
            .map(|row| {
                let unreadable = || StoreError::Unreadable { what: "participant" };
                let id: i64 = row.try_get(0)?;
                let role: String = row.try_get(1)?;
                let user: Option<String> = row.try_get(4)?;
                let token = optional_hash(row.try_get(5)?)?;
                let secret = match (user, token) {
                    (Some(user), None) => ParticipantSecret::User(user),
                    (None, Some(hash)) => ParticipantSecret::Token(hash),
                    (Some(_), Some(_)) | (None, None) => return Err(unreadable()),
                };
                Ok(ParticipantRow {
                    session: session.to_owned(),
                    id: ParticipantId::try_from(id).map_err(|_| unreadable())?,
                    role: participant_role_of(&role)?,
                    name: row.try_get(2)?,
                    organisation: row.try_get(3)?,
                    secret,
                })
            })
            .collect()
    }

    /// Queues an audit row.
    pub fn audit(&self, row: AuditRow) -> Written {
        self.store.write(vec![Write::Audit(self.tenant.clone(), row)])
    }

    /// The newest audit rows, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_rows(&self, at_most: u32) -> Result<Vec<AuditRow>, StoreError> {
        let rows = sqlx::query(sql::tenant::AUDIT)
            .bind(self.tenant.0.as_str())
            .bind(i64::from(at_most))
            .fetch_all(&self.store.read)
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(AuditRow {
                    at: to_u64(row.try_get(0)?),
                    actor: row.try_get(1)?,
                    action: row.try_get(2)?,
                    session: row.try_get(3)?,
                    outcome: row.try_get(4)?,
                    address: row.try_get(5)?,
                    detail: row.try_get(6)?,
                })
            })
            .collect()
    }
}
