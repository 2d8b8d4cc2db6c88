// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /sign-in/passkey`: what to ask the browser for. No account is named: the passkey knows it.
 */
export type PasskeyChallenge = { 
/**
 * Names this sign-in.
 */
ticket: string, 
/**
 * `PublicKeyCredentialRequestOptions` as JSON, for `navigator.credentials.get({ publicKey })`.
 */
options: unknown, };
