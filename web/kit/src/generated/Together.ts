// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ConsentSnapshot } from "./ConsentSnapshot";
import type { Purpose } from "./Purpose";
import type { Right } from "./Right";

/**
 * What a session of several technicians takes.
 */
export type Together = { "type": "introduce", 
/**
 * Their number in the session.
 */
participant: number, 
/**
 * Their name.
 */
name: string, 
/**
 * Their organisation.
 */
organisation: string, 
/**
 * What for.
 */
purpose: Purpose, 
/**
 * What they may ask for at most; the session's own bounds hold as well.
 */
rights: Array<Right>, 
/**
 * [`COLLEAGUE_DIGITS`] digits, which they will type. They key the hand-shake of their console.
 */
digits: string, } | { "type": "dismiss", 
/**
 * Who.
 */
participant: number, } | { "type": "rights", 
/**
 * Whose.
 */
to: number, 
/**
 * The snapshot.
 */
snapshot: ConsentSnapshot, } | { "type": "took_over", 
/**
 * Whose part in the session is over.
 */
from: number, 
/**
 * Who goes on.
 */
to: number, } | { "type": "unproven", 
/**
 * As whom.
 */
participant: number, } | { "type": "unknown" };
