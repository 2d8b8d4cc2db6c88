// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { SessionCreated } from "./SessionCreated";

/**
 * `GET /sessions`: the caller's own sessions that have not ended, newest first.
 */
export type SessionList = { 
/**
 * The sessions.
 */
sessions: Array<SessionCreated>, };
