// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What came of locking it.
 */
export type LockDone = "not_yet" | "locked" | "covered" | "failed" | "newer";
