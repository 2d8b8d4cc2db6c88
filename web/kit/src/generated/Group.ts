// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Policy } from "./Policy";

/**
 * A group.
 */
export type Group = { 
/**
 * Identifier.
 */
id: string, 
/**
 * Name.
 */
name: string, 
/**
 * Policy.
 */
policy: Policy, 
/**
 * How many people are in it.
 */
people: number, };
