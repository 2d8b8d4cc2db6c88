// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { EndReason } from "./EndReason";
import type { Participant } from "./Participant";

/**
 * A whole session, as the service sends it.
 */
export type SessionSnapshot = { 
/**
 * Identifier.
 */
id: string, 
/**
 * Counts up with every change; an older one is ignored by a [`crate::mirror::Mirror`].
 */
revision: number, 
/**
 * Everybody who is or was in it.
 */
participants: Array<Participant>, 
/**
 * When the code stops working, milliseconds since 1970.
 */
code_expires_at: number, 
/**
 * When it was created, milliseconds since 1970.
 */
created_at: number, 
/**
 * The customer's computer restarts, and is expected back until then: milliseconds since 1970.
 */
back_until?: number, } & ({ "state": "waiting" } | { "state": "claimed" } | { "state": "live" } | { "state": "interrupted" } | { "state": "ended", 
/**
 * Why.
 */
reason: EndReason, } | { "state": "unknown" });
