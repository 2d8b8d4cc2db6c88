// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Purpose } from "./Purpose";

/**
 * An invitation into a session.
 */
export type ColleagueInvitation = { 
/**
 * The session.
 */
session: string, 
/**
 * Who invites.
 */
from: string, 
/**
 * What for.
 */
purpose: Purpose, 
/**
 * When, milliseconds since 1970.
 */
at: number, };
