// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Mail } from "./Mail";

/**
 * `GET /outbox`.
 */
export type Outbox = { 
/**
 * Whether the service can send mail. Without it the mails stay here, for the administrator to hand on.
 */
sending: boolean, 
/**
 * Newest first, at most 200.
 */
mails: Array<Mail>, };
