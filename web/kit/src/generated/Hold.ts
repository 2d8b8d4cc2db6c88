// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why control and view are held.
 */
export type Hold = "customer" | "desktop_locked" | "link_lost" | "unknown";
