// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What a mark is.
 */
export type Shape = "arrow" | "line" | "box" | "free" | "unknown";
