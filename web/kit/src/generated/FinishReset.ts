// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /password-reset/finish`, from the link `https://…/reset#token`. Ends every sign-in of the user; 204, then
 * sign in as usual.
 */
export type FinishReset = { 
/**
 * From the link's fragment.
 */
token: string, 
/**
 * The new password.
 */
password: string, };
