// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why a file is over before it is whole.
 */
export type FileEnd = "stopped" | "cancelled" | "refused" | "no_right" | "name" | "denied" | "vanished" | "not_a_file" | "disk_full" | "changed" | "mismatch" | "busy" | "failed" | "unknown";
