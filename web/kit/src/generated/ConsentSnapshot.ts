// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ConsentEnd } from "./ConsentEnd";
import type { Hold } from "./Hold";
import type { Right } from "./Right";

/**
 * Where consent stands, as consoles see it.
 */
export type ConsentSnapshot = { 
/**
 * Counts up with every change.
 */
revision: number, } & ({ "state": "fresh" } | { "state": "asking", 
/**
 * What it asks for.
 */
rights: Array<Right>, } | { "state": "granted", 
/**
 * What is allowed now.
 */
rights: Array<Right>, 
/**
 * Further rights asked for, prompt shown.
 */
more: Array<Right> | null, } | { "state": "held", 
/**
 * What will be allowed again.
 */
rights: Array<Right>, 
/**
 * Why it is held; never empty.
 */
holds: Array<Hold>, } | { "state": "ended", 
/**
 * Why.
 */
why: ConsentEnd, } | { "state": "unknown" });
