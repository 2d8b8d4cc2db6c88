// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What a key may do.
 */
export type Scope = "people_read" | "organisation_read" | "sessions_read" | "audit_read";
