// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ConsentSnapshot } from "./ConsentSnapshot";
import type { VersionRange } from "./VersionRange";

/**
 * Client → service.
 */
export type ToService = { "type": "hello", 
/**
 * Versions spoken.
 */
versions: VersionRange, 
/**
 * Program and version, for the log: `farhand-agent/0.1.0`.
 */
program: string, } | { "type": "renew_media" } | { "type": "consent", 
/**
 * The snapshot.
 */
snapshot: ConsentSnapshot, } | { "type": "media", 
/**
 * Up or down.
 */
up: boolean, } | { "type": "end" } | { "type": "leave" } | { "type": "remove", 
/**
 * Who.
 */
participant: number, } | { "type": "unproven", 
/**
 * As whom.
 */
participant: number, } | { "type": "hand_over", 
/**
 * Who goes on.
 */
to: number, } | { "type": "restarting", 
/**
 * Seconds; 0 when it does not restart after all.
 */
seconds: number, } | { "type": "ping", 
/**
 * Returned unchanged.
 */
nonce: number, } | { "type": "unknown" };
