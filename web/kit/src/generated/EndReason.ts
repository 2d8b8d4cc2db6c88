// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why a session ended.
 */
export type EndReason = "technician" | "customer" | "refused" | "blocked" | "code_expired" | "lost" | "service" | "unknown";
