// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Which monitors the technician would like to see.
 */
export type Choice = { "show": "all" } | { "show": "one", 
/**
 * Its [`Monitor::id`].
 */
id: number, } | { "show": "pointer" } | { "show": "unknown" };
