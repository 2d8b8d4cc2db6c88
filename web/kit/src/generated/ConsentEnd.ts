// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why consent ended.
 */
export type ConsentEnd = "refused" | "timed_out" | "stopped" | "blocked" | "ended_remotely" | "grace_over" | "unknown";
