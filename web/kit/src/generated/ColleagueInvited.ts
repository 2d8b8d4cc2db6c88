// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Right } from "./Right";

/**
 * The answer to [`InviteColleague`]: what the console tells the agent, sealed.
 */
export type ColleagueInvited = { 
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
 * What their own group lets them ask for.
 */
rights: Array<Right>, };
