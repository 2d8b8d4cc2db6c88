// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The answer to `POST /me/methods/passkeys`.
 */
export type PasskeyBegun = { 
/**
 * Names this step.
 */
ticket: string, 
/**
 * `PublicKeyCredentialCreationOptions` as JSON, for `navigator.credentials.create({ publicKey })`.
 */
options: unknown, };
