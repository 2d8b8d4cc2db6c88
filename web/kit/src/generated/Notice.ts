// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What [`Control::Notice`] tells.
 */
export type Notice = { "kind": "capture_failed", 
/**
 * For people.
 */
text: string, } | { "kind": "input_failed", 
/**
 * For people.
 */
text: string, } | { "kind": "unknown" };
