// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /me/password`. Every other sign-in of the user ends; the answer is [`SignedIn`] with a new one.
 */
export type ChangePassword = { 
/**
 * The one that is in use.
 */
current: string, 
/**
 * The new one.
 */
new: string, };
