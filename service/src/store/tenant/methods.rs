//! Methods of signing in: the authenticator app, passkeys, recovery codes.

use sqlx::Row as _;

use super::TenantStore;
use super::people::count;
use crate::identity::passkey::PublicKey;
use crate::identity::totp::Secret;
use crate::store::rows::{PasskeyRow, TotpRow, to_i64, to_u64};
use crate::store::{StoreError, sql};

impl TenantStore {
    /// A user's authenticator app.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn totp(&self, user: &str) -> Result<Option<TotpRow>, StoreError> {
        let row = ask!(self, sql::methods::TOTP, user).fetch_optional(&self.store.read).await?;
        let Some(row) = row else { return Ok(None) };
        let secret = |column: &'static str, sealed: Option<Vec<u8>>| -> Result<Option<Secret>, StoreError> {
            let Some(sealed) = sealed else { return Ok(None) };
            let bytes = self.open("users", column, user, &sealed)?;
            Secret::of(&bytes).map(Some).ok_or(StoreError::Unreadable { what: "TOTP secret" })
        };
        Ok(Some(TotpRow {
            secret: secret("totp_secret", row.try_get(0)?)?,
            step: to_u64(row.try_get(1)?),
            offered: secret("totp_offered", row.try_get(2)?)?,
        }))
    }

    /// Keeps a secret that waits to be confirmed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn offer_totp(&self, user: &str, secret: &Secret) -> Result<(), StoreError> {
        let sealed = self.seal("users", "totp_offered", user, secret.bytes())?;
        ask!(self, sql::methods::OFFER_TOTP, user, sealed).execute(&self.store.write).await?;
        Ok(())
    }

    /// The app counts from now on; `step` confirmed it and is used up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_totp(&self, user: &str, secret: &Secret, step: u64, now: u64) -> Result<(), StoreError> {
        let sealed = self.seal("users", "totp_secret", user, secret.bytes())?;
        ask!(self, sql::methods::SET_TOTP, user, sealed, to_i64(now), to_i64(step))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Accepts a step; false when it or a later one was accepted before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_totp_step(&self, user: &str, step: u64) -> Result<bool, StoreError> {
        let done = ask!(self, sql::methods::TAKE_STEP, user, to_i64(step)).execute(&self.store.write).await?;
        Ok(done.rows_affected() == 1)
    }

    /// The app is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_totp(&self, user: &str) -> Result<(), StoreError> {
        ask!(self, sql::methods::REMOVE_TOTP, user).execute(&self.store.write).await?;
        Ok(())
    }

    /// A user's passkeys, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn passkeys(&self, user: &str) -> Result<Vec<PasskeyRow>, StoreError> {
        let rows = ask!(self, sql::methods::PASSKEYS, user).fetch_all(&self.store.read).await?;
        rows.into_iter()
            .map(|row| {
                let unreadable = || StoreError::Unreadable { what: "passkey" };
                let id: String = row.try_get(0)?;
                let key: Vec<u8> = row.try_get(3)?;
                Ok(PasskeyRow {
                    credential: row.try_get(1)?,
                    key: PublicKey::from_parts(row.try_get(2)?, &key).ok_or_else(unreadable)?,
                    counter: u32::try_from(row.try_get::<i64, _>(4)?).map_err(|_| unreadable())?,
                    name: self.open_text("passkeys", "name", &id, &row.try_get::<Vec<u8>, _>(5)?)?,
                    added_at: to_u64(row.try_get(6)?),
                    used_at: row.try_get::<Option<i64>, _>(7)?.map(to_u64),
                    id,
                })
            })
            .collect()
    }

    /// Adds a passkey.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when its credential is there already.
    pub async fn add_passkey(&self, user: &str, passkey: &PasskeyRow) -> Result<(), StoreError> {
        let name = self.seal("passkeys", "name", &passkey.id, passkey.name.as_bytes())?;
        let (algorithm, key) = passkey.key.parts();
        ask!(
            self,
            sql::methods::ADD_PASSKEY,
            passkey.id.as_str(),
            user,
            passkey.credential.clone(),
            algorithm,
            key.to_vec(),
            i64::from(passkey.counter),
            name,
            to_i64(passkey.added_at)
        )
        .execute(&self.store.write)
        .await?;
        Ok(())
    }

    /// A passkey was used; false when its counter has gone on meanwhile, as that of a copy would.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_passkey(&self, id: &str, counter: u32, now: u64) -> Result<bool, StoreError> {
        let done = ask!(self, sql::methods::USE_PASSKEY, id, i64::from(counter), to_i64(now))
            .execute(&self.store.write)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// A passkey is gone; whether the user had it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_passkey(&self, user: &str, id: &str) -> Result<bool, StoreError> {
        let done = ask!(self, sql::methods::REMOVE_PASSKEY, user, id).execute(&self.store.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recovery_left(&self, user: &str) -> Result<u32, StoreError> {
        let row = ask!(self, sql::methods::RECOVERY_LEFT, user).fetch_one(&self.store.read).await?;
        Ok(count(row.try_get(0)?))
    }

    /// New recovery codes in place of the old; none to have none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_recovery(&self, user: &str, hashes: &[[u8; 32]]) -> Result<(), StoreError> {
        let mut transaction = self.store.write.begin().await?;
        ask!(self, sql::methods::REMOVE_RECOVERY, user).execute(&mut *transaction).await?;
        for hash in hashes {
            ask!(self, sql::methods::ADD_RECOVERY, user, hash.to_vec()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Uses a recovery code; false when it is none, or was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_recovery(&self, user: &str, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let done =
            ask!(self, sql::methods::USE_RECOVERY, user, hash.to_vec()).execute(&self.store.write).await?;
        Ok(done.rows_affected() == 1)
    }

    /// App, passkeys and recovery codes are gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_methods(&self, user: &str) -> Result<(), StoreError> {
        let mut transaction = self.store.write.begin().await?;
        ask!(self, sql::methods::REMOVE_TOTP, user).execute(&mut *transaction).await?;
        ask!(self, sql::methods::REMOVE_PASSKEYS, user).execute(&mut *transaction).await?;
        ask!(self, sql::methods::REMOVE_RECOVERY, user).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }
}
