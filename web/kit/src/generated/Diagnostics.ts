// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Action } from "./Action";
import type { Outcome } from "./Outcome";
import type { Rows } from "./Rows";
import type { ShellEnd } from "./ShellEnd";
import type { Topic } from "./Topic";

/**
 * A message, either way.
 */
export type Diagnostics = { "type": "fetch", 
/**
 * Number that the answer names; the console's own.
 */
request: number, 
/**
 * What.
 */
topic: Topic, 
/**
 * So many pages at once, at most [`MAX_PAGES`].
 */
pages: number, } | { "type": "more", 
/**
 * The fetch's.
 */
request: number, 
/**
 * So many, at most [`MAX_PAGES`].
 */
pages: number, } | { "type": "act", 
/**
 * Number that the answer names; the console's own.
 */
request: number, 
/**
 * What.
 */
action: Action, } | { "type": "rows", 
/**
 * The fetch's.
 */
request: number, 
/**
 * What was read.
 */
rows: Rows, 
/**
 * More pages wait for a [`Diagnostics::More`].
 */
more: boolean, 
/**
 * There was more than an answer holds, and the rest was left out.
 */
cut: boolean, } | { "type": "answered", 
/**
 * The fetch's or the action's.
 */
request: number, 
/**
 * How.
 */
outcome: Outcome, 
/**
 * What the system said, for people; at most [`MAX_FIELD`] bytes.
 */
text: string, } | { "type": "shell_open", 
/**
 * Letters in a line.
 */
cols: number, 
/**
 * Lines.
 */
rows: number, } | { "type": "shell_input", 
/**
 * Which.
 */
shell: number, 
/**
 * Place of the first byte.
 */
at: number, 
/**
 * At most [`MAX_SHELL_DATA`] bytes.
 */
data: Uint8Array, } | { "type": "shell_resize", 
/**
 * Which.
 */
shell: number, 
/**
 * Letters in a line.
 */
cols: number, 
/**
 * Lines.
 */
rows: number, } | { "type": "shell_grant", 
/**
 * Which.
 */
shell: number, 
/**
 * Every byte in front of this one is here.
 */
received: number, 
/**
 * Bytes in front of this one may be sent; at most [`SHELL_OUTPUT_AHEAD`] further.
 */
until: number, 
/**
 * What was sent beyond `received` is lost, and must be sent again.
 */
again: boolean, } | { "type": "shell_close", 
/**
 * Which.
 */
shell: number, } | { "type": "shell_opened", 
/**
 * Number that all further messages name.
 */
shell: number, 
/**
 * The program, such as `/bin/bash`.
 */
program: string, 
/**
 * Whose it is.
 */
user: string, 
/**
 * Bytes typed so far.
 */
taken: number, 
/**
 * Bytes that were received so far, as far as the agent knows.
 */
received: number, } | { "type": "shell_output", 
/**
 * Which.
 */
shell: number, 
/**
 * Place of the first byte.
 */
at: number, 
/**
 * At most [`MAX_SHELL_DATA`] bytes.
 */
data: Uint8Array, } | { "type": "shell_taken", 
/**
 * Which.
 */
shell: number, 
/**
 * Place.
 */
taken: number, } | { "type": "shell_ended", 
/**
 * Which.
 */
shell: number, 
/**
 * Why.
 */
why: ShellEnd, 
/**
 * What the system said, for people, or nothing; at most [`MAX_FIELD`] bytes.
 */
text: string, } | { "type": "unknown" };
