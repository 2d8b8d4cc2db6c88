// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * One right.
 */
export type Right = "view" | "control" | "files" | "clipboard" | "diagnostics" | "shell" | "camera" | "microphone" | "unattended" | "record";
