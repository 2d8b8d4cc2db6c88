// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * How an action or a fetch ended.
 */
export type Outcome = "done" | "not_allowed" | "denied" | "gone" | "not_here" | "busy" | "timed_out" | "failed" | "unknown";
