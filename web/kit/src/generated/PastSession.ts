// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { EndReason } from "./EndReason";
import type { SessionResult } from "./SessionResult";

/**
 * A session that was, or is.
 */
export type PastSession = { 
/**
 * Identifier.
 */
id: string, 
/**
 * The technician's identifier.
 */
technician: string, 
/**
 * The technician's name, or what it was when they were removed.
 */
technician_name: string, 
/**
 * When it was made.
 */
created_at: number, 
/**
 * When the customer joined.
 */
joined_at?: number, 
/**
 * When it ended.
 */
ended_at?: number, 
/**
 * How it ended; left out while it is open.
 */
outcome?: EndReason, 
/**
 * Whether it was to be recorded.
 */
recorded: boolean, 
/**
 * What came out of it, as its technician wrote it down.
 */
result?: SessionResult, 
/**
 * The technician's note; left out where there is none.
 */
note?: string, 
/**
 * Whether its chat is kept, sealed to the organisation's key.
 */
chat: boolean, };
