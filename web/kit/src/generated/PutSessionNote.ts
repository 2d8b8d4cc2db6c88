// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { SessionResult } from "./SessionResult";

/**
 * `PUT /sessions/{id}/note`.
 */
export type PutSessionNote = { 
/**
 * What came out of it.
 */
result?: SessionResult, 
/**
 * The note, at most 4,000 characters; empty for none.
 */
note: string, };
