// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * A format of content.
 */
export type ClipboardFormat = "text" | "html" | "png" | "unknown";
