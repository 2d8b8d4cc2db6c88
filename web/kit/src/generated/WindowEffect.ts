// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What is done about a window.
 */
export type WindowEffect = "hide" | "pause" | "unknown";
