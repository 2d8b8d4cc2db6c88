// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /start-token`.
 */
export type StartTokenFor = { 
/**
 * A code's first six digits.
 */
number: string, };
