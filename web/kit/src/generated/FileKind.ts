// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What an entry is.
 */
export type FileKind = "file" | "folder" | "other" | "unknown";
