// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ColleagueInvitation } from "./ColleagueInvitation";

/**
 * `GET /colleague-invitations`: sessions into which the caller is invited and has not come yet.
 */
export type ColleagueInvitations = { 
/**
 * The invitations, newest first.
 */
invitations: Array<ColleagueInvitation>, };
