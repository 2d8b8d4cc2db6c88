// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * By what a window is known.
 */
export type WindowMark = "program" | "title" | "unknown";
