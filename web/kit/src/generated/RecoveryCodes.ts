// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The answer to `POST /me/methods/recovery`: ten new codes in place of the old; shown this once.
 */
export type RecoveryCodes = { 
/**
 * The codes.
 */
codes: Array<string>, };
