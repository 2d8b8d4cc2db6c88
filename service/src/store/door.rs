//! Look-ups by which somebody who is not yet known to a tenant is led to it.

use farhand_protocol::api::{Method, Policy, Scope};
use sqlx::Row as _;

use super::rows::{list_of, policy_of, to_hash, to_i64, to_u64};
use super::{ParticipantRow, SessionRow, Store, StoreError, Tenant, sql};
use crate::vault::VaultError;

/// Who an e-mail address belongs to.
pub struct KnownUser {
    /// The tenant.
    pub tenant: Tenant,
    /// The user.
    pub id: String,
    /// The password's hash in PHC form.
    pub password_hash: String,
}

/// Whose a token is.
pub struct StandingSignIn {
    /// The tenant.
    pub tenant: Tenant,
    /// The user.
    pub user: String,
    /// Milliseconds since 1970.
    pub expires_at: u64,
    /// Identifier.
    pub id: String,
    /// Milliseconds since 1970.
    pub created_at: u64,
    /// When it was used last, milliseconds since 1970.
    pub seen_at: u64,
    /// By which methods.
    pub methods: Vec<Method>,
}

/// Whose something that a token or a credential opens is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The tenant.
    pub tenant: Tenant,
    /// The user or the row.
    pub id: String,
    /// Milliseconds since 1970; 0 where it has no end.
    pub expires_at: u64,
}

/// Whose passkey it is.
#[derive(Clone, Debug)]
pub struct FoundPasskey {
    /// The tenant.
    pub tenant: Tenant,
    /// The user.
    pub user: String,
    /// The passkey.
    pub id: String,
}

/// Whose API key it is.
#[derive(Clone, Debug)]
pub struct FoundKey {
    /// The tenant.
    pub tenant: Tenant,
    /// The key.
    pub id: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Milliseconds since 1970.
    pub expires_at: u64,
    /// Milliseconds since 1970.
    pub used_at: Option<u64>,
}

/// A session that a customer has joined and that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningSession {
    /// The tenant.
    pub tenant: Tenant,
    /// The session.
    pub id: String,
    /// When the customer joined, milliseconds since 1970.
    pub joined_at: u64,
    /// What limits it.
    pub policy: Policy,
}

/// A session that had not ended when the service did.
pub struct OpenSession {
    /// The tenant.
    pub tenant: Tenant,
    /// The session.
    pub session: SessionRow,
    /// Who is in it.
    pub participants: Vec<ParticipantRow>,
}

impl Store {
    /// Who signs in with this address (already trimmed and in lower case).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_by_email(&self, email: &str) -> Result<Option<KnownUser>, StoreError> {
        let row = sqlx::query(sql::door::USER_BY_EMAIL).bind(email).fetch_optional(&self.read).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(KnownUser {
            tenant: Tenant(row.try_get(0)?),
            id: row.try_get(1)?,
            password_hash: row.try_get(2)?,
        }))
    }

    /// Whose sign-in the token with this hash is; the caller checks the time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_in_by_token(
        &self,
        token_hash: &[u8; 32],
    ) -> Result<Option<StandingSignIn>, StoreError> {
        let row = sqlx::query(sql::door::SIGN_IN_BY_TOKEN)
            .bind(token_hash.to_vec())
            .fetch_optional(&self.read)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(StandingSignIn {
            tenant: Tenant(row.try_get(0)?),
            user: row.try_get(1)?,
            expires_at: to_u64(row.try_get(2)?),
            id: row.try_get(3)?,
            created_at: to_u64(row.try_get(4)?),
            seen_at: to_u64(row.try_get(5)?),
            methods: list_of(row.try_get::<&str, _>(6)?, "method")?,
        }))
    }

    /// Whose invitation the token with this hash is; the caller checks the time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<Found>, StoreError> {
        let query = sqlx::query(sql::door::INVITATION_BY_TOKEN).bind(token_hash.to_vec());
        query.fetch_optional(&self.read).await?.map(|row| found(&row)).transpose()
    }

    /// Whose new password the token with this hash is about; the caller checks the time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reset_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<Found>, StoreError> {
        let query = sqlx::query(sql::door::RESET_BY_TOKEN).bind(token_hash.to_vec());
        query.fetch_optional(&self.read).await?.map(|row| found(&row)).transpose()
    }

    /// Whose passkey the credential is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn passkey_by_credential(&self, credential: &[u8]) -> Result<Option<FoundPasskey>, StoreError> {
        let query = sqlx::query(sql::door::PASSKEY_BY_CREDENTIAL).bind(credential.to_vec());
        let Some(row) = query.fetch_optional(&self.read).await? else { return Ok(None) };
        Ok(Some(FoundPasskey { tenant: Tenant(row.try_get(0)?), user: row.try_get(1)?, id: row.try_get(2)? }))
    }

    /// Whose API key the token with this hash is; the caller checks the time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_key_by_token(&self, token_hash: &[u8; 32]) -> Result<Option<FoundKey>, StoreError> {
        let query = sqlx::query(sql::door::API_KEY_BY_TOKEN).bind(token_hash.to_vec());
        let Some(row) = query.fetch_optional(&self.read).await? else { return Ok(None) };
        Ok(Some(FoundKey {
            tenant: Tenant(row.try_get(0)?),
            id: row.try_get(1)?,
            scopes: list_of(row.try_get::<&str, _>(2)?, "scope")?,
            expires_at: to_u64(row.try_get(3)?),
            used_at: row.try_get::<Option<i64>, _>(4)?.map(to_u64),
        }))
    }

    /// Whether the token with this hash was ever given to a participant of a session that is still kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_participants_token(&self, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let query = sqlx::query(sql::door::PARTICIPANT_BY_TOKEN).bind(token_hash.to_vec());
        Ok(query.fetch_optional(&self.read).await?.is_some())
    }

    /// Organisations whose domain is shown as proven.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn proven_domains(&self) -> Result<Vec<Tenant>, StoreError> {
        let rows = sqlx::query(sql::door::PROVEN_DOMAINS).fetch_all(&self.read).await?;
        rows.into_iter().map(|row| Ok(Tenant(row.try_get(0)?))).collect()
    }

    /// Every session that a customer has joined and that has not ended, of all tenants, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn running_sessions(&self) -> Result<Vec<RunningSession>, StoreError> {
        let rows = sqlx::query(sql::door::RUNNING_SESSIONS).fetch_all(&self.read).await?;
        let read = |row: sqlx::any::AnyRow| {
            Ok(RunningSession {
                tenant: Tenant(row.try_get(0)?),
                id: row.try_get(1)?,
                joined_at: to_u64(row.try_get(2)?),
                policy: policy_of(row.try_get::<&str, _>(3)?)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Mails that are to be sent now, with their tenants.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mails_due(&self, now: u64, at_most: u32) -> Result<Vec<(Tenant, String)>, StoreError> {
        let query = sqlx::query(sql::door::OUTBOX_DUE).bind(to_i64(now)).bind(i64::from(at_most));
        let rows = query.fetch_all(&self.read).await?;
        rows.into_iter().map(|row| Ok((Tenant(row.try_get(0)?), row.try_get(1)?))).collect()
    }

    /// Every organisation with its name and the time when it was made, for whoever runs the service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tenants(&self) -> Result<Vec<(Tenant, String, u64)>, StoreError> {
        let rows = sqlx::query(sql::door::ALL_TENANTS).fetch_all(&self.read).await?;
        rows.into_iter()
            .map(|row| Ok((Tenant(row.try_get(0)?), row.try_get(1)?, to_u64(row.try_get(2)?))))
            .collect()
    }

    /// Seals the names that the first builds kept open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seal_open_names(&self) -> Result<(), StoreError> {
        for row in sqlx::query(sql::door::OPEN_NAMES).fetch_all(&self.read).await? {
            let (tenant, id, name): (String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            self.tenant(Tenant(tenant)).set_name(&id, &name).await?;
        }
        Ok(())
    }

    /// Every session that has not ended, of all tenants, for the start of the service.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_sessions(&self) -> Result<Vec<OpenSession>, StoreError> {
        let rows = sqlx::query(sql::door::OPEN_SESSIONS).fetch_all(&self.read).await?;
        let mut open = Vec::with_capacity(rows.len());
        for row in rows {
            let tenant = Tenant(row.try_get(0)?);
            let session = SessionRow {
                id: row.try_get(1)?,
                owner: row.try_get(2)?,
                code: row.try_get(3)?,
                code_expires_at: to_u64(row.try_get(4)?),
                created_at: to_u64(row.try_get(5)?),
                state: row.try_get(6)?,
                revision: to_u64(row.try_get(7)?),
                ended: None,
                joined_at: row.try_get::<Option<i64>, _>(8)?.map(to_u64),
                policy: policy_of(row.try_get::<&str, _>(9)?)?,
                back_until: row.try_get::<Option<i64>, _>(10)?.map(to_u64),
            };
            let participants = match self.tenant(tenant.clone()).participants(&session.id).await {
                Ok(participants) => participants,
                // Whoever was in it cannot be read any more; the job that destroyed the key removes the rest.
                Err(StoreError::Vault(VaultError::Destroyed)) => continue,
                Err(other) => return Err(other),
            };
            open.push(OpenSession { tenant, session, participants });
        }
        Ok(open)
    }
}

fn found(row: &sqlx::any::AnyRow) -> Result<Found, StoreError> {
    Ok(Found { tenant: Tenant(row.try_get(0)?), id: row.try_get(1)?, expires_at: to_u64(row.try_get(2)?) })
}

pub(super) fn optional_hash(bytes: Option<Vec<u8>>) -> Result<Option<[u8; 32]>, StoreError> {
    bytes.map(|b| to_hash(&b)).transpose()
}
