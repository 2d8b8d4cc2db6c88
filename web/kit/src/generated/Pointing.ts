// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Mark } from "./Mark";
import type { Place } from "./Place";

/**
 * A message, either way.
 */
export type Pointing = { "type": "light", 
/**
 * Where.
 */
at: Place, } | { "type": "dark" } | { "type": "draw", 
/**
 * The sender's number for it.
 */
number: number, 
/**
 * It stays until it is taken away; otherwise it fades.
 */
stays: boolean, 
/**
 * The mark, or what is new of it.
 */
mark: Mark, } | { "type": "erase", 
/**
 * Its number.
 */
number: number, } | { "type": "erase_all" } | { "type": "cleared" } | { "type": "unknown" };
