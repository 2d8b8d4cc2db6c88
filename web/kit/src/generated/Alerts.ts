// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `GET` and `PUT /alerts`: where security events are reported, besides the log.
 */
export type Alerts = { 
/**
 * An https address that gets each as a JSON body.
 */
webhook?: string, 
/**
 * Addresses that get a mail.
 */
emails: Array<string>, };
