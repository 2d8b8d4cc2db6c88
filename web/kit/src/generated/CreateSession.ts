// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /sessions`.
 */
export type CreateSession = { 
/**
 * For the demo customer's computer. Refused unless [`super::ServiceInfo::demo`].
 */
demo: boolean, 
/**
 * With [`CreateSession::demo`], and only then: the last four digits of the code, for the demo computer, to which
 * nobody can read them out. No other session's are ever sent.
 */
demo_digits?: string, };
