//! People, their groups and their sign-ins.

use farhand_protocol::api::{Policy, UserRole};
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::TenantStore;
use crate::store::rows::{
    GroupRow, PersonRow, SignInRow, Standing, UserRow, list_of, list_text, policy_of, policy_text, role_name,
    role_of, to_hash, to_i64, to_u64,
};
use crate::store::{StoreError, sql};

/// What of somebody an administrator changes.
#[derive(Clone, Debug)]
pub struct PersonChange {
    /// Role.
    pub role: UserRole,
    /// Group.
    pub group: Option<String>,
    /// Whether the account is locked.
    pub locked: bool,
}

impl TenantStore {
    /// A name that is kept open, or sealed. `open` is what the first builds kept.
    pub(super) fn name_of(
        &self,
        id: &str,
        open: String,
        sealed: Option<Vec<u8>>,
    ) -> Result<String, StoreError> {
        match sealed {
            Some(sealed) => self.open_text("users", "name", id, &sealed),
            None => Ok(open),
        }
    }

    /// Who somebody is, with what their organisation and their group say.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(&self, user: &str) -> Result<Option<Standing>, StoreError> {
        let row = ask!(self, sql::people::STANDING, user).fetch_optional(&self.store.read).await?;
        let Some(row) = row else { return Ok(None) };
        let id: String = row.try_get(0)?;
        let role: String = row.try_get(4)?;
        let policy: Option<String> = row.try_get(9)?;
        Ok(Some(Standing {
            user: UserRow {
                email: row.try_get(1)?,
                name: self.name_of(&id, row.try_get(2)?, row.try_get(3)?)?,
                role: role_of(&role)?,
                id,
            },
            locked: row.try_get::<i64, _>(5)? != 0,
            totp: row.try_get::<Option<i64>, _>(6)?.is_some(),
            demanded: row.try_get::<i64, _>(7)? != 0,
            organisation: row.try_get(8)?,
            policy: policy_of(policy.as_deref().unwrap_or_default())?,
            passkeys: count(row.try_get(10)?),
        }))
    }

    /// Everybody, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people(&self) -> Result<Vec<PersonRow>, StoreError> {
        let rows = ask!(self, sql::people::PEOPLE).fetch_all(&self.store.read).await?;
        let mut people = rows.iter().map(|row| self.person_of(row)).collect::<Result<Vec<_>, _>>()?;
        people.sort_by_cached_key(|person| (person.user.name.to_lowercase(), person.user.id.clone()));
        Ok(people)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person(&self, id: &str) -> Result<Option<PersonRow>, StoreError> {
        let row = ask!(self, sql::people::PERSON, id).fetch_optional(&self.store.read).await?;
        row.map(|row| self.person_of(&row)).transpose()
    }

    fn person_of(&self, row: &AnyRow) -> Result<PersonRow, StoreError> {
        let id: String = row.try_get(0)?;
        let role: String = row.try_get(4)?;
        Ok(PersonRow {
            user: UserRow {
                email: row.try_get(1)?,
                name: self.name_of(&id, row.try_get(2)?, row.try_get(3)?)?,
                role: role_of(&role)?,
                id,
            },
            group: row.try_get(5)?,
            locked: row.try_get::<i64, _>(6)? != 0,
            totp: row.try_get::<Option<i64>, _>(7)?.is_some(),
            totp_at: row.try_get::<Option<i64>, _>(7)?.map(to_u64),
            created_at: to_u64(row.try_get(8)?),
            signed_in_at: row.try_get::<Option<i64>, _>(9)?.map(to_u64),
            passkeys: count(row.try_get(10)?),
        })
    }

    /// Everybody's name, by identifier.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn names(&self) -> Result<std::collections::HashMap<String, String>, StoreError> {
        let rows = ask!(self, sql::people::NAMES).fetch_all(&self.store.read).await?;
        rows.into_iter()
            .map(|row| {
                let id: String = row.try_get(0)?;
                let name = self.name_of(&id, row.try_get(1)?, row.try_get(2)?)?;
                Ok((id, name))
            })
            .collect()
    }

    /// Sets a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_name(&self, user: &str, name: &str) -> Result<(), StoreError> {
        let sealed = self.seal("users", "name", user, name.as_bytes())?;
        ask!(self, sql::people::SET_NAME, user, sealed).execute(&self.store.write).await?;
        Ok(())
    }

    /// Changes role, group and lock; whether there is such a user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_person(&self, user: &str, change: &PersonChange) -> Result<bool, StoreError> {
        let done = ask!(
            self,
            sql::people::CHANGE,
            user,
            role_name(change.role),
            change.group.as_deref(),
            i64::from(change.locked)
        )
        .execute(&self.store.write)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes somebody with their sign-ins and methods; whether there was such a user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_person(&self, user: &str) -> Result<bool, StoreError> {
        Ok(ask!(self, sql::people::REMOVE, user).execute(&self.store.write).await?.rows_affected() > 0)
    }

    /// Administrators who can sign in, besides this one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn other_administrators(&self, user: &str) -> Result<u32, StoreError> {
        let row = ask!(self, sql::people::OTHER_ADMINISTRATORS, user).fetch_one(&self.store.read).await?;
        Ok(count(row.try_get(0)?))
    }

    /// The password's hash in PHC form.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn password(&self, user: &str) -> Result<Option<String>, StoreError> {
        let row = ask!(self, sql::people::PASSWORD, user).fetch_optional(&self.store.read).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// A user's sign-ins, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_ins(&self, user: &str) -> Result<Vec<SignInRow>, StoreError> {
        let rows = ask!(self, sql::people::SIGN_INS, user).fetch_all(&self.store.read).await?;
        rows.into_iter()
            .map(|row| {
                Ok(SignInRow {
                    token_hash: to_hash(&row.try_get::<Vec<u8>, _>(0)?)?,
                    user: user.to_owned(),
                    id: row.try_get(1)?,
                    created_at: to_u64(row.try_get(2)?),
                    seen_at: to_u64(row.try_get(3)?),
                    expires_at: to_u64(row.try_get(4)?),
                    address: row.try_get(5)?,
                    program: row.try_get(6)?,
                    methods: list_of(&row.try_get::<String, _>(7)?, "method")?,
                })
            })
            .collect()
    }

    /// Keeps a sign-in, drops those of the same user that are past their time and the one that it replaces.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_sign_in_for(
        &self,
        row: &SignInRow,
        instead_of: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.store.write.begin().await?;
        ask!(self, sql::tenant::SWEEP_SIGN_INS, row.user.as_str(), to_i64(row.created_at))
            .execute(&mut *transaction)
            .await?;
        if let Some(before) = instead_of {
            ask!(self, sql::tenant::REMOVE_SIGN_IN, before.to_vec()).execute(&mut *transaction).await?;
        } else {
            ask!(self, sql::people::SIGNED_IN, row.user.as_str(), to_i64(row.created_at))
                .execute(&mut *transaction)
                .await?;
        }
        ask!(
            self,
            sql::tenant::ADD_SIGN_IN,
            row.token_hash.to_vec(),
            row.user.as_str(),
            to_i64(row.created_at),
            to_i64(row.expires_at),
            row.id.as_str(),
            row.address.as_str(),
            row.program.as_str(),
            list_text(&row.methods)
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes that a sign-in was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_sign_in(&self, token_hash: &[u8; 32], now: u64) -> Result<(), StoreError> {
        ask!(self, sql::people::TOUCH_SIGN_IN, token_hash.to_vec(), to_i64(now))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Ends all of a user's sign-ins.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_sign_ins(&self, user: &str) -> Result<(), StoreError> {
        ask!(self, sql::people::REMOVE_SIGN_INS, user).execute(&self.store.write).await?;
        Ok(())
    }

    /// Groups, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn groups(&self) -> Result<Vec<GroupRow>, StoreError> {
        let rows = ask!(self, sql::people::GROUPS).fetch_all(&self.store.read).await?;
        rows.into_iter()
            .map(|row| {
                Ok(GroupRow {
                    id: row.try_get(0)?,
                    name: row.try_get(1)?,
                    policy: policy_of(&row.try_get::<String, _>(2)?)?,
                    people: count(row.try_get(3)?),
                })
            })
            .collect()
    }

    /// Adds a group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_group(&self, id: &str, name: &str, policy: &Policy, now: u64) -> Result<(), StoreError> {
        ask!(self, sql::people::ADD_GROUP, id, name, policy_text(policy), to_i64(now))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Changes a group; whether there is such a group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_group(&self, id: &str, name: &str, policy: &Policy) -> Result<bool, StoreError> {
        let done = ask!(self, sql::people::CHANGE_GROUP, id, name, policy_text(policy))
            .execute(&self.store.write)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes a group, whose people are in none then; whether there was such a group.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_group(&self, id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.store.write.begin().await?;
        ask!(self, sql::people::LEAVE_GROUP, id).execute(&mut *transaction).await?;
        ask!(self, sql::people::LEAVE_GROUP_INVITED, id).execute(&mut *transaction).await?;
        let done = ask!(self, sql::people::REMOVE_GROUP, id).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

/// A count as the database gives it.
pub(super) fn count(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
