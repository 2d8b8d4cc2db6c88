//! What technicians say and write down: canned replies and notes, sealed by the vault, and chats, which were sealed to the
//! tenant's own key and which the service cannot open.

use farhand_protocol::api::SessionResult;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::TenantStore;
use super::people::count;
use crate::store::rows::{result_name, result_of, to_i64, to_u64};
use crate::store::{StoreError, sql};

/// A canned reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyRow {
    /// Identifier.
    pub id: String,
    /// What it is found by.
    pub title: String,
    /// What is said.
    pub text: String,
}

/// What a technician wrote down of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRow {
    /// What came out of it.
    pub result: Option<SessionResult>,
    /// The note; may be empty.
    pub note: String,
    /// When it was written, milliseconds since 1970.
    pub at: u64,
}

impl TenantStore {
    /// Canned replies, by title.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replies(&self) -> Result<Vec<ReplyRow>, StoreError> {
        let rows = ask!(self, sql::talk::REPLIES).fetch_all(&self.store.read).await?;
        let open = |row: &AnyRow| -> Result<ReplyRow, StoreError> {
            let (id, title, text): (String, Vec<u8>, Vec<u8>) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok(ReplyRow {
                title: self.open_text("canned_replies", "title", &id, &title)?,
                text: self.open_text("canned_replies", "text", &id, &text)?,
                id,
            })
        };
        let mut replies = rows.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        // Titles are sealed: the database cannot sort them.
        replies.sort_by_cached_key(|row| (row.title.to_lowercase(), row.id.clone()));
        Ok(replies)
    }

    /// How many there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_replies(&self) -> Result<u32, StoreError> {
        let row = ask!(self, sql::talk::COUNT_REPLIES).fetch_one(&self.store.read).await?;
        Ok(count(row.try_get(0)?))
    }

    /// Adds one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_reply(&self, reply: &ReplyRow, now: u64) -> Result<(), StoreError> {
        let (title, text) = self.sealed_reply(reply)?;
        ask!(self, sql::talk::ADD_REPLY, reply.id.as_str(), title, text, to_i64(now))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Changes one; whether there is such a one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_reply(&self, reply: &ReplyRow, now: u64) -> Result<bool, StoreError> {
        let (title, text) = self.sealed_reply(reply)?;
        let done = ask!(self, sql::talk::CHANGE_REPLY, reply.id.as_str(), title, text, to_i64(now))
            .execute(&self.store.write)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    fn sealed_reply(&self, reply: &ReplyRow) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        let seal = |column, text: &str| self.seal("canned_replies", column, &reply.id, text.as_bytes());
        Ok((seal("title", &reply.title)?, seal("text", &reply.text)?))
    }

    /// Removes one; whether there was such a one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_reply(&self, id: &str) -> Result<bool, StoreError> {
        let done = ask!(self, sql::talk::REMOVE_REPLY, id).execute(&self.store.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// What was written down of a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note(&self, session: &str) -> Result<Option<NoteRow>, StoreError> {
        let row = ask!(self, sql::talk::NOTE, session).fetch_optional(&self.store.read).await?;
        row.map(|row| {
            let (result, note): (Option<String>, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
            Ok(NoteRow {
                result: result.as_deref().map(result_of).transpose()?,
                note: self.open_text("session_notes", "note", session, &note)?,
                at: to_u64(row.try_get(2)?),
            })
        })
        .transpose()
    }

    /// Writes it down, in the place of what was written before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_note(&self, session: &str, row: &NoteRow) -> Result<(), StoreError> {
        let note = self.seal("session_notes", "note", session, row.note.as_bytes())?;
        ask!(self, sql::talk::PUT_NOTE, session, row.result.map(result_name), note, to_i64(row.at))
            .execute(&self.store.write)
            .await?;
        Ok(())
    }

    /// Keeps a session's chat, sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_chat(&self, session: &str, letter: Vec<u8>, now: u64) -> Result<(), StoreError> {
        ask!(self, sql::talk::PUT_CHAT, session, to_i64(now), letter).execute(&self.store.write).await?;
        Ok(())
    }

    /// A session's chat, sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn chat(&self, session: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = ask!(self, sql::talk::CHAT, session).fetch_optional(&self.store.read).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }
}
