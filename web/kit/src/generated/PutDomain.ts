// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /organisation/domain`: names a domain, to be proven. The answer is [`Domain`].
 */
export type PutDomain = { 
/**
 * Such as `example.org`.
 */
name: string, };
