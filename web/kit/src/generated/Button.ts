// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A pointer button.
 */
export type Button = "left" | "middle" | "right" | "back" | "forward" | "unknown";
