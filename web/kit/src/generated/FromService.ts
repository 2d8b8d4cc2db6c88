// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { EndReason } from "./EndReason";
import type { LeftWhy } from "./LeftWhy";
import type { MediaOffer } from "./MediaOffer";
import type { SessionSnapshot } from "./SessionSnapshot";
import type { Version } from "./Version";

/**
 * Service → client.
 */
export type FromService = { "type": "welcome", 
/**
 * The version agreed on.
 */
version: Version, 
/**
 * Who the client is in this session.
 */
participant: number, 
/**
 * Where the session stands.
 */
session: SessionSnapshot, 
/**
 * How to reach the media service.
 */
media: MediaOffer, 
/**
 * The service's clock, milliseconds since 1970; 0 from an older one.
 */
now: number, } | { "type": "session", 
/**
 * The snapshot.
 */
snapshot: SessionSnapshot, } | { "type": "media", 
/**
 * The new offer.
 */
offer: MediaOffer, } | { "type": "ended", 
/**
 * Why.
 */
reason: EndReason, } | { "type": "left", 
/**
 * Why.
 */
why: LeftWhy, } | { "type": "problem", 
/**
 * For programs.
 */
code: string, 
/**
 * For people.
 */
message: string, } | { "type": "pong", 
/**
 * The ping's.
 */
nonce: number, } | { "type": "unknown" };
