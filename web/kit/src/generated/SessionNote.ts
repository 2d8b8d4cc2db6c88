// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { SessionResult } from "./SessionResult";

/**
 * `GET /sessions/{id}/note`.
 */
export type SessionNote = { 
/**
 * What came out of it; left out while nobody said.
 */
result?: SessionResult, 
/**
 * The note; empty while there is none.
 */
note: string, 
/**
 * When it was written last.
 */
at?: number, };
