// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { SessionSnapshot } from "./SessionSnapshot";

/**
 * The answer to [`CreateSession`].
 */
export type SessionCreated = { 
/**
 * Ten digits without separators; shown as `482 193 5710`.
 */
code: string, 
/**
 * What the customer opens: `https://…/join#4821935710`.
 */
link: string, 
/**
 * The session.
 */
session: SessionSnapshot, };
