// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /join`, no sign-in. The code is used up by success; a wrong one counts against the caller's address.
 */
export type Join = { 
/**
 * The first six digits; spaces and dashes are ignored. A whole code is refused, for its secret is not for the
 * service.
 */
code: string, };
