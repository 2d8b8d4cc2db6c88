// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * How the picture is best where the way is narrow.
 */
export type Prefer = "automatic" | "sharp" | "smooth" | "unknown";
