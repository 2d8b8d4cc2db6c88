// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `PATCH /me`.
 */
export type ChangeMe = { 
/**
 * Name as customers see it.
 */
name: string, };
