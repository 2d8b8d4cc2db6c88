// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * How a screen can be locked.
 */
export type LockWay = "unknown" | "locks" | "covers" | "none" | "newer";
