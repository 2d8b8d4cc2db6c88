// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What `navigator.credentials.get` gave; each is base64url without padding.
 */
export type PasskeyAssertion = { 
/**
 * `credential.rawId`.
 */
id: string, 
/**
 * `response.clientDataJSON`.
 */
client_data: string, 
/**
 * `response.authenticatorData`.
 */
authenticator_data: string, 
/**
 * `response.signature`.
 */
signature: string, 
/**
 * `response.userHandle`, when there is one.
 */
user?: string, };
