//! Look-ups by which somebody who is not yet known to a tenant is led to it.

use sqlx::Row as _;

use super::rows::{to_hash, to_u64};
use super::{ParticipantRow, SessionRow, Store, StoreError, Tenant, sql};

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
        }))
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
            };
            let participants = self.tenant(tenant.clone()).participants(&session.id).await?;
            open.push(OpenSession { tenant, session, participants });
        }
        Ok(open)
    }
}

pub(super) fn optional_hash(bytes: Option<Vec<u8>>) -> Result<Option<[u8; 32]>, StoreError> {
    bytes.map(|b| to_hash(&b)).transpose()
}
