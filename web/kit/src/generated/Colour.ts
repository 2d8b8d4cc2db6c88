// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The colour of a mark.
 */
export type Colour = "red" | "yellow" | "green" | "blue" | "unknown";
