// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What a colleague is brought in for.
 */
export type Purpose = "watch" | "help" | "take_over" | "unknown";
