// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `PUT /organisation/subscription` (I5: the administrator changes subscription data).
 */
export type PutSubscription = { 
/**
 * When it ends; left out for no end.
 */
ends_at?: number, };
