// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why the customer's computer does not restart.
 */
export type RestartFailed = "not_allowed" | "not_here" | "not_kept" | "unknown";
