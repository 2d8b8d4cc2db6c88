// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A line of the log.
 */
export type LogLine = { 
/**
 * Milliseconds since 1970.
 */
at: number, 
/**
 * 0 is an emergency, 7 is for debugging.
 */
priority: number, 
/**
 * The unit or program that said it.
 */
unit: string, 
/**
 * At most [`super::MAX_LOG_MESSAGE`] bytes.
 */
message: string, };
