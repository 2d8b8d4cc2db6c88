// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
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
role: UserRole, };
