//! Sentences about what technicians say and write down: canned replies, notes, and sealed chats; `$1` is the tenant.

sentences! {
    /// Canned replies.
    REPLIES = "SELECT id, title, text FROM canned_replies WHERE tenant = $1 ORDER BY id";
    /// How many there are.
    COUNT_REPLIES = "SELECT COUNT(*) FROM canned_replies WHERE tenant = $1";
    /// A new one.
    ADD_REPLY = "INSERT INTO canned_replies (tenant, id, title, text, changed_at) VALUES ($1, $2, $3, $4, $5)";
    /// Changes one.
    CHANGE_REPLY = "UPDATE canned_replies SET title = $3, text = $4, changed_at = $5 WHERE tenant = $1 AND id = $2";
    /// Removes one.
    REMOVE_REPLY = "DELETE FROM canned_replies WHERE tenant = $1 AND id = $2";
    /// A session's note.
    NOTE = "SELECT result, note, at FROM session_notes WHERE tenant = $1 AND session = $2";
    /// Writes it, in the place of an older one.
    PUT_NOTE = "INSERT INTO session_notes (tenant, session, result, note, at) VALUES ($1, $2, $3, $4, $5) \
                ON CONFLICT (tenant, session) DO UPDATE SET result = excluded.result, note = excluded.note, \
                at = excluded.at";
    /// A session's chat, sealed; a newer copy takes the place of an older one.
    PUT_CHAT = "INSERT INTO chats (tenant, session, at, letter) VALUES ($1, $2, $3, $4) \
                ON CONFLICT (tenant, session) DO UPDATE SET at = excluded.at, letter = excluded.letter";
    /// A session's chat, sealed.
    CHAT = "SELECT letter FROM chats WHERE tenant = $1 AND session = $2";
}
