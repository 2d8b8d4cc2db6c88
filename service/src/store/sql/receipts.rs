//! Sentences about receipts that were sealed to a tenant's key; `$1` is the tenant.

sentences! {
    /// The key's public half.
    KEY = "SELECT public_key, made_at FROM receipt_keys WHERE tenant = $1";
    /// A new one in its place.
    PUT_KEY = "INSERT INTO receipt_keys (tenant, public_key, made_at, made_by) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (tenant) DO UPDATE SET public_key = excluded.public_key, made_at = excluded.made_at, \
               made_by = excluded.made_by";
    /// Whose a session is, and when it ended.
    SESSION = "SELECT owner, ended_at FROM sessions WHERE tenant = $1 AND id = $2";
    /// A session's receipt; a newer copy takes the place of an older one.
    PUT = "INSERT INTO receipts (tenant, session, number, at, letter) VALUES ($1, $2, $3, $4, $5) \
           ON CONFLICT (tenant, session) DO UPDATE SET number = excluded.number, at = excluded.at, \
           letter = excluded.letter";
    /// A session's receipt, sealed.
    LETTER = "SELECT letter FROM receipts WHERE tenant = $1 AND session = $2";
    /// Which sessions have one, newest first.
    LIST = "SELECT session, number, at FROM receipts WHERE tenant = $1 ORDER BY at DESC, session LIMIT $2";
}
