// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Where a mail stands.
 */
export type MailState = "waiting" | "sent" | "failed";
