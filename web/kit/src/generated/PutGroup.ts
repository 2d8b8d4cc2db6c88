// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Policy } from "./Policy";

/**
 * `POST /groups` and `PUT /groups/{id}`.
 */
export type PutGroup = { 
/**
 * Name.
 */
name: string, 
/**
 * Policy.
 */
policy: Policy, };
