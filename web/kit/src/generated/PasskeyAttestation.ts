// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What `navigator.credentials.create` gave; each is base64url without padding.
 */
export type PasskeyAttestation = { 
/**
 * `credential.rawId`.
 */
id: string, 
/**
 * `response.clientDataJSON`.
 */
client_data: string, 
/**
 * `response.attestationObject`.
 */
attestation: string, };
