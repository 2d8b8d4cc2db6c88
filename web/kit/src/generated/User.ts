// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Policy } from "./Policy";
import type { UserRole } from "./UserRole";

/**
 * `GET /me`.
 */
export type User = { 
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
 * The tenant's name.
 */
organisation: string, 
/**
 * Role (I5).
 */
role: UserRole, 
/**
 * The organisation demands two methods and this user has one: nothing but `/me…` and `/sign-out` answers until a
 * second one is added; everything else is 403 `method_needed`.
 */
must_add_method: boolean, 
/**
 * What this user may do in sessions: the policy of their group.
 */
policy: Policy, };
