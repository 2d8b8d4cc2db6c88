// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * One entry.
 */
export type AuditEntry = { 
/**
 * Identifier; entries sort by it.
 */
id: string, 
/**
 * When.
 */
at: number, 
/**
 * `user:<id>`, `key:<id>`, `agent`, `service`, `operator` or `anonymous`.
 */
actor: string, 
/**
 * The name of the user or key, where it is known.
 */
actor_name?: string, 
/**
 * What, such as `sign_in`.
 */
action: string, 
/**
 * `ok`, or the code of the refusal.
 */
outcome: string, 
/**
 * The session it concerns.
 */
session?: string, 
/**
 * Where from; empty for the service itself.
 */
address: string, 
/**
 * Further facts.
 */
detail: string, 
/**
 * Whether it is a security event: a lock, a throttle, a foreign Origin, a refused ticket, a tampered token.
 */
security: boolean, 
/**
 * Hash over this entry and the one before, lower-case hex.
 */
hash: string, };
