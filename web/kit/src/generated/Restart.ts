// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { RestartStage } from "./RestartStage";

/**
 * Where restarting the customer's computer stands. Whole, whenever it changes.
 */
export type Restart = { 
/**
 * It can be asked for: this system can be restarted by the agent, and goes on by itself.
 */
possible: boolean, 
/**
 * How far it is.
 */
stage: RestartStage, };
