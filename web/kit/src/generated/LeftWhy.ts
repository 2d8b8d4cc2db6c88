// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why a participant's part in a session that goes on is over.
 */
export type LeftWhy = "left" | "removed" | "refused" | "handed_over" | "unproven" | "unknown";
