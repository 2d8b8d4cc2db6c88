// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A passkey of the user.
 */
export type Passkey = { 
/**
 * Identifier, for `POST /me/methods/passkeys/{id}/remove`.
 */
id: string, 
/**
 * The name that the user gave it.
 */
name: string, 
/**
 * When it was added.
 */
added_at: number, 
/**
 * When it was used last.
 */
used_at?: number, };
