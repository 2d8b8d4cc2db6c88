// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Role } from "./Role";

/**
 * One participant, as everybody in the session sees it.
 */
export type Participant = { 
/**
 * Identifier within the session.
 */
id: number, 
/**
 * Role.
 */
role: Role, 
/**
 * Name for people; empty for an anonymous customer.
 */
name: string, 
/**
 * The technician's organisation; empty for a customer.
 */
organisation: string, 
/**
 * Whether its socket stands.
 */
connected: boolean, 
/**
 * Whether its media link stands, as it reports.
 */
media: boolean, 
/**
 * Its part in the session is over: it left, was removed, or declined.
 */
gone: boolean, };
