// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Somebody of the same organisation who may sign in.
 */
export type Colleague = { 
/**
 * Identifier.
 */
id: string, 
/**
 * Name for people.
 */
name: string, 
/**
 * Has a console open now, as far as the service knows.
 */
online: boolean, };
