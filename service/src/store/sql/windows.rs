//! Sentences about the list of windows that agents keep out of the picture; `$1` is the tenant.

sentences! {
    /// The list, sealed.
    RULES = "SELECT rules FROM window_rules WHERE tenant = $1";
    /// Another list in its place.
    PUT_RULES = "INSERT INTO window_rules (tenant, rules, changed_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (tenant) DO UPDATE SET rules = excluded.rules, changed_at = excluded.changed_at";
}
