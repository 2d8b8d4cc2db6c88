// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A protocol version. Whether a peer can do something is asked by a `supports_*` method, never by comparing numbers.
 */
export type Version = number;
