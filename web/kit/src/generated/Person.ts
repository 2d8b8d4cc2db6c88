// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { UserRole } from "./UserRole";

/**
 * One of them; `GET` and `PATCH /people/{id}`.
 */
export type Person = { 
/**
 * Identifier.
 */
id: string, 
/**
 * Name as customers see it.
 */
name: string, 
/**
 * E-mail address.
 */
email: string, 
/**
 * Role.
 */
role: UserRole, 
/**
 * The group's identifier, or empty.
 */
group: string, 
/**
 * An administrator locked the account: it cannot sign in.
 */
locked: boolean, 
/**
 * Too many sign-ins failed; until then the password is not tried.
 */
paused_until?: number, 
/**
 * Whether an authenticator app is set up.
 */
totp: boolean, 
/**
 * How many passkeys there are.
 */
passkeys: number, 
/**
 * When the account was made.
 */
created_at: number, 
/**
 * The last sign-in.
 */
signed_in_at?: number, };
