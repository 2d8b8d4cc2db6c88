// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { WindowRule } from "./WindowRule";

/**
 * `GET` and `PUT /organisation/windows`: the list, whole.
 */
export type WindowRules = { 
/**
 * In the order in which they were written, at most 100.
 */
rules: Array<WindowRule>, };
