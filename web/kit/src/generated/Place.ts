// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A place on the shared screen.
 */
export type Place = { 
/**
 * Pixels from its left.
 */
x: number, 
/**
 * Pixels from its top.
 */
y: number, };
