// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /invitation/accept`: makes the account. The answer is [`SignedIn`].
 */
export type AcceptInvitation = { 
/**
 * From the link's fragment.
 */
token: string, 
/**
 * Name as customers will see it.
 */
name: string, 
/**
 * The password.
 */
password: string, };
