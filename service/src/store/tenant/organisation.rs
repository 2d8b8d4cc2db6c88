//! The organisation itself, invitations and resets, mails and API keys.

use farhand_protocol::api::{MailState, PasswordRule};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::TenantStore;
use super::people::count;
use crate::identity::domain::Proven;
use crate::store::rows::{
    ApiKeyRow, DomainRow, InvitationRow, MailRow, OrganisationRow, UserWithPassword, list_of, list_text,
    mail_state_name, mail_state_of, role_name, role_of, rule_name, rule_of, to_i64, to_u64,
};
use crate::store::{StoreError, sql};

impl TenantStore {
    /// The organisation, or `None` when there is no such tenant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn organisation(&self) -> Result<Option<OrganisationRow>, StoreError> {
        let row = ask!(self, sql::organisation::ORGANISATION).fetch_optional(&self.store.read).await?;
        let Some(row) = row else { return Ok(None) };
        let (domain, proof): (Option<String>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
        let (verified_at, problem): (Option<i64>, Option<String>) = (row.try_get(6)?, row.try_get(7)?);
        let lost_at: Option<i64> = row.try_get(9)?;
        let domain = domain.zip(proof).map(|(name, proof)| DomainRow {
            name,
            proof,
            verified_at: verified_at.map(to_u64),
            problem,
            lost_at: lost_at.map(to_u64),
        });
        Ok(Some(OrganisationRow {
            name: row.try_get(0)?,
            created_at: to_u64(row.try_get(1)?),
            rule: rule_of(&row.try_get::<String, _>(2)?)?,
            demanded: row.try_get::<i64, _>(3)? != 0,
            domain,
            logo: flag(&row, 8)?,
        }))
    }

    /// Name and rules.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_organisation(
        &self,
        name: &str,
        rule: PasswordRule,
        demanded: bool,
    ) -> Result<(), StoreError> {
        ask!(self, sql::organisation::CHANGE_ORGANISATION, name, rule_name(rule), i64::from(demanded))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// The logo's bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn logo(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let row = ask!(self, sql::organisation::LOGO).fetch_optional(&self.store.read).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// A new logo, or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_logo(&self, logo: Option<Vec<u8>>) -> Result<(), StoreError> {
        ask!(self, sql::organisation::SET_LOGO, logo).execute(&self.store.write).await?;
        Ok(())
    }

    /// A domain to be proven, or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_domain(&self, domain: Option<(&str, &str)>) -> Result<(), StoreError> {
        let (name, proof) = domain.unzip();
        ask!(self, sql::organisation::SET_DOMAIN, name, proof).execute(&self.store.write).await?;
        Ok(())
    }

    /// What a look at the domain found; nothing is kept when it is another one by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn domain_looked(
        &self,
        name: &str,
        proven: Proven,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let Proven { verified_at, lost_at } = proven;
        let (verified_at, lost_at) = (verified_at.map(to_i64), lost_at.map(to_i64));
        ask!(self, sql::organisation::DOMAIN_LOOKED, name, verified_at, lost_at, problem)
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// The domain, if it is proven.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verified_domain(&self) -> Result<Option<String>, StoreError> {
        let row = ask!(self, sql::organisation::VERIFIED_DOMAIN).fetch_optional(&self.store.read).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Users with one method only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people_with_one_method(&self) -> Result<u32, StoreError> {
        let row = ask!(self, sql::organisation::WITH_ONE_METHOD).fetch_one(&self.store.read).await?;
        Ok(count(row.try_get(0)?))
    }

    /// Invitations that wait, newest first; those past their time are dropped.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitations(&self, now: u64) -> Result<Vec<InvitationRow>, StoreError> {
        let rows = ask!(self, sql::organisation::INVITATIONS).fetch_all(&self.store.read).await?;
        let rows = rows.iter().map(|row| self.invitation_of(row)).collect::<Result<Vec<_>, _>>()?;
        if rows.iter().any(|row| row.expires_at < now) {
            ask!(self, sql::organisation::SWEEP_INVITATIONS, to_i64(now)).execute(&self.store.write).await?;
        }
        Ok(rows.into_iter().filter(|row| row.expires_at >= now).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invitation(&self, id: &str) -> Result<Option<InvitationRow>, StoreError> {
        let row = ask!(self, sql::organisation::INVITATION, id).fetch_optional(&self.store.read).await?;
        row.map(|row| self.invitation_of(&row)).transpose()
    }

    fn invitation_of(&self, row: &AnyRow) -> Result<InvitationRow, StoreError> {
        let id: String = row.try_get(0)?;
        let (email, name): (Vec<u8>, Vec<u8>) = (row.try_get(1)?, row.try_get(2)?);
        Ok(InvitationRow {
            email: self.open_text("invitations", "email", &id, &email)?,
            name: self.open_text("invitations", "name", &id, &name)?,
            role: role_of(&row.try_get::<String, _>(3)?)?,
            group: row.try_get(4)?,
            created_at: to_u64(row.try_get(5)?),
            expires_at: to_u64(row.try_get(6)?),
            id,
        })
    }

    /// Keeps an invitation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_invitation(&self, row: &InvitationRow, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let email = self.seal("invitations", "email", &row.id, row.email.as_bytes())?;
        let name = self.seal("invitations", "name", &row.id, row.name.as_bytes())?;
        ask!(
            self,
            sql::organisation::ADD_INVITATION,
            row.id.as_str(),
            token_hash.to_vec(),
            email,
            name,
            role_name(row.role),
            row.group.as_deref(),
            to_i64(row.created_at),
            to_i64(row.expires_at)
        )
        .execute(&self.store.write)
        .await?;
        Ok(())
    }

    /// A new link for an invitation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew_invitation(
        &self,
        id: &str,
        token_hash: &[u8; 32],
        now: u64,
        expires_at: u64,
    ) -> Result<(), StoreError> {
        ask!(
            self,
            sql::organisation::RENEW_INVITATION,
            id,
            token_hash.to_vec(),
            to_i64(now),
            to_i64(expires_at)
        )
        .execute(&self.store.write)
        .await?;
        Ok(())
    }

    /// An invitation is gone; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_invitation(&self, id: &str) -> Result<bool, StoreError> {
        let done = ask!(self, sql::organisation::REMOVE_INVITATION, id).execute(&self.store.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Makes the account that an invitation is for, and uses the invitation up: both or neither. False when it was
    /// used meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the address is in use.
    pub async fn accept_invitation(
        &self,
        invitation: &InvitationRow,
        user: &UserWithPassword,
        now: u64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.store.write.begin().await?;
        let used = ask!(self, sql::organisation::REMOVE_INVITATION, invitation.id.as_str())
            .execute(&mut *transaction)
            .await?;
        if used.rows_affected() != 1 {
            return Ok(false);
        }
        self.insert_user(&mut transaction, user, invitation.group.as_deref(), now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Keeps a link to set a new password; the one before ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_reset(
        &self,
        user: &str,
        token_hash: &[u8; 32],
        expires_at: u64,
    ) -> Result<(), StoreError> {
        ask!(self, sql::organisation::PUT_RESET, user, token_hash.to_vec(), to_i64(expires_at))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Uses a link: the password is set and every sign-in ends, all or nothing. False when it was used meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_reset(
        &self,
        user: &str,
        token_hash: &[u8; 32],
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.store.write.begin().await?;
        let used = ask!(self, sql::organisation::USE_RESET, user, token_hash.to_vec())
            .execute(&mut *transaction)
            .await?;
        if used.rows_affected() != 1 {
            return Ok(false);
        }
        ask!(self, sql::tenant::SET_PASSWORD, user, password_hash).execute(&mut *transaction).await?;
        ask!(self, sql::people::REMOVE_SIGN_INS, user).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// A link to set a new password ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_reset(&self, user: &str) -> Result<(), StoreError> {
        ask!(self, sql::organisation::REMOVE_RESET, user).execute(&self.store.write).await?;
        Ok(())
    }

    /// Puts a mail into the outbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_mail(
        &self,
        id: &str,
        to: &str,
        subject: &str,
        text: &str,
        now: u64,
    ) -> Result<(), StoreError> {
        let recipient = self.seal("outbox", "recipient", id, to.as_bytes())?;
        let body = self.seal("outbox", "body", id, text.as_bytes())?;
        ask!(self, sql::organisation::ADD_MAIL, id, recipient, subject, body, to_i64(now))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// The newest mails, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mails(&self, at_most: u32) -> Result<Vec<MailRow>, StoreError> {
        let rows =
            ask!(self, sql::organisation::OUTBOX, i64::from(at_most)).fetch_all(&self.store.read).await?;
        rows.iter().map(|row| self.mail_of(row)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mail(&self, id: &str) -> Result<Option<MailRow>, StoreError> {
        let row = ask!(self, sql::organisation::MAIL, id).fetch_optional(&self.store.read).await?;
        row.map(|row| self.mail_of(&row)).transpose()
    }

    fn mail_of(&self, row: &AnyRow) -> Result<MailRow, StoreError> {
        let id: String = row.try_get(0)?;
        let (to, text): (Vec<u8>, Vec<u8>) = (row.try_get(1)?, row.try_get(3)?);
        Ok(MailRow {
            to: self.open_text("outbox", "recipient", &id, &to)?,
            subject: row.try_get(2)?,
            text: self.open_text("outbox", "body", &id, &text)?,
            state: mail_state_of(&row.try_get::<String, _>(4)?)?,
            tries: count(row.try_get(5)?),
            error: row.try_get(6)?,
            created_at: to_u64(row.try_get(7)?),
            id,
        })
    }

    /// What came out of a try to send a mail.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mail_tried(
        &self,
        id: &str,
        state: MailState,
        next_at: u64,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        ask!(self, sql::organisation::MAIL_TRIED, id, mail_state_name(state), to_i64(next_at), error)
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// A mail is to be tried again now; whether there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mail_again(&self, id: &str, now: u64) -> Result<bool, StoreError> {
        let done =
            ask!(self, sql::organisation::MAIL_AGAIN, id, to_i64(now)).execute(&self.store.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// A mail is gone; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_mail(&self, id: &str) -> Result<bool, StoreError> {
        let done = ask!(self, sql::organisation::REMOVE_MAIL, id).execute(&self.store.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Mails older than this are gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep_mails(&self, before: u64) -> Result<(), StoreError> {
        ask!(self, sql::organisation::SWEEP_OUTBOX, to_i64(before)).execute(&self.store.write).await?;
        Ok(())
    }

    /// API keys, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_keys(&self) -> Result<Vec<ApiKeyRow>, StoreError> {
        let rows = ask!(self, sql::organisation::API_KEYS).fetch_all(&self.store.read).await?;
        rows.into_iter()
            .map(|row| {
                Ok(ApiKeyRow {
                    id: row.try_get(0)?,
                    name: row.try_get(1)?,
                    scopes: list_of(&row.try_get::<String, _>(2)?, "scope")?,
                    created_by: row.try_get(3)?,
                    created_at: to_u64(row.try_get(4)?),
                    expires_at: to_u64(row.try_get(5)?),
                    used_at: row.try_get::<Option<i64>, _>(6)?.map(to_u64),
                })
            })
            .collect()
    }

    /// Keeps an API key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_api_key(&self, row: &ApiKeyRow, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        ask!(
            self,
            sql::organisation::ADD_API_KEY,
            row.id.as_str(),
            token_hash.to_vec(),
            row.name.as_str(),
            list_text(&row.scopes),
            row.created_by.as_str(),
            to_i64(row.created_at),
            to_i64(row.expires_at)
        )
        .execute(&self.store.write)
        .await?;
        Ok(())
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_api_key(&self, id: &str, now: u64) -> Result<(), StoreError> {
        ask!(self, sql::organisation::USE_API_KEY, id, to_i64(now)).execute(&self.store.write).await?;
        Ok(())
    }

    /// A key is gone; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_api_key(&self, id: &str) -> Result<bool, StoreError> {
        let done = ask!(self, sql::organisation::REMOVE_API_KEY, id).execute(&self.store.write).await?;
        Ok(done.rows_affected() > 0)
    }
}

/// A flag that one database gives as a number of 32 bits and the other as one of 64.
fn flag(row: &AnyRow, column: usize) -> Result<bool, StoreError> {
    match row.try_get::<i64, _>(column) {
        Ok(value) => Ok(value != 0),
        Err(_) => Ok(row.try_get::<i32, _>(column)? != 0),
    }
}
