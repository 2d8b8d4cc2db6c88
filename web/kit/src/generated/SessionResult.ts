// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What came out of a session, as its technician sees it.
 */
export type SessionResult = "solved" | "not_solved" | "follow_up" | "passed_on";
