// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * `POST /invitation`: what an invitation's link says. The link is `https://…/invitation#token`.
 */
export type ShowInvitation = { 
/**
 * From the link's fragment.
 */
token: string, };
