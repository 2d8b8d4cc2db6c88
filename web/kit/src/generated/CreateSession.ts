// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /sessions`.
 */
export type CreateSession = { 
/**
 * Hand the code to the demo customer's computer. Refused unless [`super::ServiceInfo::demo`].
 */
demo: boolean, };
