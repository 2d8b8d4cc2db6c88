// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What the customer shares.
 */
export type Share = { "what": "everything" } | { "what": "monitor", 
/**
 * It is plugged in. While it is not, the picture is empty.
 */
here: boolean, } | { "what": "window", 
/**
 * It can be seen. While it is closed or put away, the picture is empty.
 */
here: boolean, } | { "what": "unknown" };
