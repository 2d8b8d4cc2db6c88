// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `GET /audit/verify`: whether the chain is whole.
 */
export type AuditVerified = { 
/**
 * Entries read.
 */
entries: number, 
/**
 * Whether nothing was changed, removed or reordered.
 */
whole: boolean, 
/**
 * The first entry at which it is not.
 */
broken_at?: string, };
