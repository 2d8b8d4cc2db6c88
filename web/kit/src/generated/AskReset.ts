// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /password-reset`. The answer is 202 whether or not there is such a user.
 */
export type AskReset = { 
/**
 * E-mail address.
 */
email: string, };
