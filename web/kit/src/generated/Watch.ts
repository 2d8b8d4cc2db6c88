// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Whether a console wants what the customer copies.
 */
export type Watch = "off" | "away" | "on" | "unknown";
