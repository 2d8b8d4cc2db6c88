// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { RestartFailed } from "./RestartFailed";

/**
 * How far it is.
 */
export type RestartStage = { "type": "idle" } | { "type": "asking" } | { "type": "refused" } | { "type": "failed", 
/**
 * Why.
 */
why: RestartFailed, } | { "type": "going", 
/**
 * Within so many seconds; later the session is over.
 */
seconds: number, 
/**
 * What was allowed is asked for anew.
 */
ask_again: boolean, } | { "type": "back", 
/**
 * What was allowed before stays allowed for so many seconds. 0 when it is asked for anew.
 */
seconds: number, } | { "type": "time_over" } | { "type": "unknown" };
