//! Sentences about sessions that were; `$1` is the tenant.

sentences! {
    /// Sessions between two times, newest first.
    HISTORY = "SELECT s.id, s.owner, s.created_at, s.joined_at, s.ended_at, s.end_reason, s.policy, n.result, n.note, \
               (SELECT COUNT(*) FROM chats c WHERE c.tenant = s.tenant AND c.session = s.id) FROM sessions s \
               LEFT JOIN session_notes n ON n.tenant = s.tenant AND n.session = s.id WHERE s.tenant = $1 \
               AND s.created_at >= $2 AND s.created_at < $3 \
               AND (s.created_at < $4 OR (s.created_at = $4 AND s.id < $5)) \
               ORDER BY s.created_at DESC, s.id DESC LIMIT $6";
    /// Whether there is such a session.
    SESSION = "SELECT id FROM sessions WHERE tenant = $1 AND id = $2";
    /// The names that technicians had in sessions, for those who are no longer here.
    OWNER_NAMES = "SELECT p.session, p.participant, p.name, s.owner FROM participants p JOIN sessions s \
                   ON s.tenant = p.tenant AND s.id = p.session WHERE p.tenant = $1 AND p.user_id = s.owner \
                   AND NOT EXISTS (SELECT 1 FROM users u WHERE u.tenant = s.tenant AND u.id = s.owner) \
                   AND s.created_at >= $2 AND s.created_at < $3";
}
