// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Where a file stands.
 */
export type ItemState = "queued" | "asked" | "waits" | "flows" | "finished" | "over";
