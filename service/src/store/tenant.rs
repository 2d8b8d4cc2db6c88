//! The data of one tenant. Each subject is a file of its own beside this one.

/// A sentence with the tenant as its first value, and these after it.
macro_rules! ask {
    ($store:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query($sql).bind($store.tenant.0.as_str())$(.bind($value))*
    };
}

mod alerts;
mod data;
mod history;
mod methods;
mod organisation;
mod people;
mod receipts;
mod sealed;
mod talk;
mod windows;

pub use self::people::PersonChange;

use farhand_protocol::ParticipantId;
use sqlx::{AnyConnection, Row as _};

pub use self::alerts::{AlertTarget, AlertWay};
pub use self::data::{Deletion, Retention, Subject};
pub use self::receipts::{ReceiptKeyRow, ReceiptRow};
pub use self::talk::{NoteRow, ReplyRow};
use super::door::optional_hash;
use super::rows::{participant_place, participant_role_of, role_name, role_of, to_i64};
use super::{
    AuditRow, ParticipantRow, ParticipantSecret, SignInRow, Store, StoreError, Tenant, UserRow,
    UserWithPassword, Write, Written, sql,
};

/// A handle on the data of one tenant; nothing of another tenant can be reached through it.
#[derive(Clone, Debug)]
pub struct TenantStore {
    pub(super) store: Store,
    pub(super) tenant: Tenant,
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
        self.insert_user(&mut transaction, first, None, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Creates the tenant without anybody in it: an invitation is to follow.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it is there already.
    pub async fn create_empty(&self, name: &str, now: u64) -> Result<(), StoreError> {
        ask!(self, sql::tenant::CREATE, name, to_i64(now)).execute(&self.store.write).await?;
        Ok(())
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the address is in use.
    pub async fn add_user(&self, user: &UserWithPassword, now: u64) -> Result<(), StoreError> {
        let mut connection = self.store.write.acquire().await?;
        self.insert_user(&mut connection, user, None, now).await
    }

    async fn insert_user(
        &self,
        connection: &mut AnyConnection,
        user: &UserWithPassword,
        group: Option<&str>,
        now: u64,
    ) -> Result<(), StoreError> {
        let UserRow { id, email, name, role } = &user.user;
        let name = self.seal("users", "name", id, name.as_bytes())?;
        ask!(
            self,
            sql::tenant::ADD_USER,
            id.as_str(),
            email.as_str(),
            name,
            role_name(*role),
            user.password_hash.as_str(),
            to_i64(now),
            group
        )
        .execute(connection)
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
        let (id, role): (String, String) = (row.try_get(0)?, row.try_get(4)?);
        Ok(Some(UserRow {
            email: row.try_get(1)?,
            name: self.name_of(&id, row.try_get(2)?, row.try_get(3)?)?,
            role: role_of(&role)?,
            id,
        }))
    }

    /// Keeps a sign-in and drops those of the same user that are past their time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_sign_in(&self, row: &SignInRow) -> Result<(), StoreError> {
        self.add_sign_in_for(row, None).await
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
                let place = participant_place(session, id);
                let open = |column, sealed: Vec<u8>| self.open_text("participants", column, &place, &sealed);
                Ok(ParticipantRow {
                    session: session.to_owned(),
                    id: ParticipantId::try_from(id).map_err(|_| unreadable())?,
                    role: participant_role_of(&role)?,
                    name: open("name", row.try_get(2)?)?,
                    organisation: open("organisation", row.try_get(3)?)?,
                    secret,
                })
            })
            .collect()
    }

    /// Queues an audit row.
    pub fn audit(&self, row: AuditRow) -> Written {
        self.store.write(vec![Write::Audit(self.tenant.clone(), row)])
    }
}
