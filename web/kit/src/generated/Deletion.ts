// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A deletion that was done.
 */
export type Deletion = { 
/**
 * Identifier.
 */
id: string, 
/**
 * When it was asked for.
 */
asked_at: number, 
/**
 * When it was done.
 */
done_at: number, 
/**
 * What was deleted, in numbers.
 */
summary: string, 
/**
 * A text that confirms it, with the service's signature.
 */
confirmation: string, };
