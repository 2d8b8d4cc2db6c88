// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Where a service stands.
 */
export type ServiceState = "active" | "changing" | "inactive" | "failed" | "unknown";
