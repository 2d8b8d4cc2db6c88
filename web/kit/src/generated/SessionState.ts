// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { EndReason } from "./EndReason";

/**
 * Where a session stands.
 */
export type SessionState = { "state": "waiting" } | { "state": "claimed" } | { "state": "live" } | { "state": "interrupted" } | { "state": "ended", 
/**
 * Why.
 */
reason: EndReason, } | { "state": "unknown" };
