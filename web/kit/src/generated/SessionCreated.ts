// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { SessionSnapshot } from "./SessionSnapshot";

/**
 * The answer to [`CreateSession`].
 */
export type SessionCreated = { 
/**
 * The first six digits of the code, which name the session. The console adds four of its own, and shows
 * `482 193 5710`.
 */
code: string, 
/**
 * What the customer opens, `https://…/join#482193`, to which the console adds the secret.
 */
link: string, 
/**
 * The session.
 */
session: SessionSnapshot, };
