// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Which way a file goes.
 */
export type Direction = "in" | "out";
