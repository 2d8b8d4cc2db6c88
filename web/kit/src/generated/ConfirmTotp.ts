// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /me/methods/totp/confirm`. The answer is [`MethodAdded`].
 */
export type ConfirmTotp = { 
/**
 * Six digits that the app shows.
 */
code: string, };
