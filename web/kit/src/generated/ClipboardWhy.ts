// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Why there is no content, or why it was not taken.
 */
export type ClipboardWhy = "empty" | "secret" | "too_large" | "format" | "not_allowed" | "busy" | "failed" | "unknown";
