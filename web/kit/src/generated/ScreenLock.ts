// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { LockDone } from "./LockDone";
import type { LockWay } from "./LockWay";

/**
 * Whether the customer's screen is locked at the end. Whole, whenever it changes.
 */
export type ScreenLock = { 
/**
 * How far that can be done there.
 */
way: LockWay, 
/**
 * It is to be done.
 */
wanted: boolean, 
/**
 * The customer chose so themselves: what a technician wishes changes nothing any more.
 */
by_customer: boolean, 
/**
 * What came of it.
 */
done: LockDone, };
