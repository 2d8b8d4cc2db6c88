// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Group } from "./Group";

/**
 * `GET /groups`.
 */
export type Groups = { 
/**
 * By name.
 */
groups: Array<Group>, };
