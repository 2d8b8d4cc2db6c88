// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * Says for which session of which service a start of the agent is.
 */
export type StartToken = { 
/**
 * The token, for a link `farhand:start/TOKEN#REST`, of which the rest stays in the customer's browser.
 */
token: string, 
/**
 * Until when it is good, in milliseconds since 1970.
 */
expires_at: number, };
