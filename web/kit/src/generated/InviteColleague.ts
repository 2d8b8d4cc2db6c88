// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Purpose } from "./Purpose";

/**
 * `POST /sessions/{id}/colleagues`.
 */
export type InviteColleague = { 
/**
 * Whom.
 */
user: string, 
/**
 * What for.
 */
purpose: Purpose, };
