// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Prefer } from "./Prefer";

/**
 * What a technician would like, which takes no right: [`super::Control::Wish`].
 */
export type Wish = { "type": "picture", 
/**
 * Which.
 */
prefer: Prefer, } | { "type": "lock_at_end", 
/**
 * Whether.
 */
lock: boolean, } | { "type": "restart" } | { "type": "unknown" };
