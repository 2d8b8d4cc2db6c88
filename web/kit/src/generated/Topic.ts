// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What can be read.
 */
export type Topic = { "topic": "summary" } | { "topic": "processes" } | { "topic": "services" } | { "topic": "log", 
/**
 * So many, at most [`MAX_LOG_LINES`].
 */
newest: number, 
/**
 * Of this priority and graver ones: 0 is an emergency, 7 is for debugging.
 */
priority: number, 
/**
 * Of this unit only, or of all where it is empty.
 */
unit: string, 
/**
 * Behind this place only: [`Rows::Log`]'s `place` of an earlier answer, or empty.
 */
after: string, } | { "topic": "software" } | { "topic": "unknown" };
