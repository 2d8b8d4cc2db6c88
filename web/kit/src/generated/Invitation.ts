// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { UserRole } from "./UserRole";

/**
 * An invitation that waits.
 */
export type Invitation = { 
/**
 * Identifier.
 */
id: string, 
/**
 * The address.
 */
email: string, 
/**
 * Name, or empty.
 */
name: string, 
/**
 * Role.
 */
role: UserRole, 
/**
 * The group's identifier, or empty.
 */
group: string, 
/**
 * When it was made, or sent again.
 */
created_at: number, 
/**
 * When its link ends.
 */
expires_at: number, };
