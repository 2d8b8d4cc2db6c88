// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /me/methods/totp`, `/me/methods/totp/remove`, `/me/methods/passkeys`, `/me/methods/passkeys/{id}/remove`,
 * `/me/methods/recovery`: whoever changes methods types the password again.
 */
export type WithPassword = { 
/**
 * The password.
 */
password: string, };
