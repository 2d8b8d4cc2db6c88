// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A process.
 */
export type Process = { 
/**
 * Its number.
 */
pid: number, 
/**
 * Its parent's number, or 0.
 */
parent: number, 
/**
 * Its name.
 */
name: string, 
/**
 * Whose it is.
 */
user: string, 
/**
 * It belongs to the account that the agent runs as, which may end it.
 */
own: boolean, 
/**
 * Share of one processor, tenths of a percent.
 */
cpu: number, 
/**
 * Memory, bytes.
 */
memory: number, 
/**
 * Seconds since 1970.
 */
started: number, 
/**
 * How it was started.
 */
command: string, };
