// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { UserRole } from "./UserRole";

/**
 * `PATCH /people/{id}`; what is left out stays.
 */
export type ChangePerson = { 
/**
 * Name.
 */
name?: string, 
/**
 * Role.
 */
role?: UserRole, 
/**
 * The group's identifier; empty for none.
 */
group?: string, 
/**
 * Whether the account is locked. Locking ends its sign-ins.
 */
locked?: boolean, };
