// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { PasswordRule } from "./PasswordRule";

/**
 * The answer to [`ShowInvitation`].
 */
export type InvitationShown = { 
/**
 * Who invites.
 */
organisation: string, 
/**
 * The address that was invited.
 */
email: string, 
/**
 * The name that the inviter gave; may be empty.
 */
name: string, 
/**
 * The rule for the password to be chosen.
 */
password_rule: PasswordRule, };
