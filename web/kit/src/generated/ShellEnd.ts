// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why a command line is over.
 */
export type ShellEnd = "exited" | "closed" | "not_allowed" | "failed" | "gone" | "full" | "unknown";
