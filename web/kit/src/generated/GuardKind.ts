// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What guards a computer.
 */
export type GuardKind = "antivirus" | "firewall" | "confinement" | "unknown";
