// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { UserRole } from "./UserRole";

/**
 * `POST /invitations`.
 */
export type Invite = { 
/**
 * The address.
 */
email: string, 
/**
 * Name, if known.
 */
name: string, 
/**
 * Role.
 */
role: UserRole, 
/**
 * The group's identifier; empty for none.
 */
group: string, };
