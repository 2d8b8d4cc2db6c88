// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { MailState } from "./MailState";

/**
 * A mail.
 */
export type Mail = { 
/**
 * Identifier.
 */
id: string, 
/**
 * To whom.
 */
to: string, 
/**
 * Subject.
 */
subject: string, 
/**
 * The text, with its link; left out where the service sends mail itself.
 */
text?: string, 
/**
 * Where it stands.
 */
state: MailState, 
/**
 * How often sending was tried.
 */
tries: number, 
/**
 * What the mail server said last.
 */
error?: string, 
/**
 * When it was written.
 */
created_at: number, };
