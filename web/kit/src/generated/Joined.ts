// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Policy } from "./Policy";

/**
 * The answer to [`Join`].
 */
export type Joined = { 
/**
 * The session's identifier; its socket is `GET /sessions/{id}/socket`.
 */
session: string, 
/**
 * Opaque bearer token of this participant, for the socket.
 */
token: string, 
/**
 * Who asks: the technician's name.
 */
technician: string, 
/**
 * Who asks: the organisation's name.
 */
organisation: string, 
/**
 * The domain that the organisation has proven to be its own.
 */
domain?: string, 
/**
 * What the technician may ask for at most; the agent keeps to it whatever is asked later.
 */
ceiling: Policy, };
