// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * The role of a participant.
 */
export type Role = "agent" | "technician" | "unknown";
