// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ChatLine } from "./ChatLine";
import type { Pointing } from "./Pointing";

/**
 * A message, either way.
 */
export type Chat = { "type": "say", 
/**
 * Drawn by the console: letters, digits, `-` and `_`, at most [`MAX_CHAT_ID`].
 */
id: string, 
/**
 * At most [`MAX_CHAT_TEXT`] bytes.
 */
text: string, } | { "type": "got", 
/**
 * The line's number.
 */
number: number, } | { "type": "recall" } | { "type": "typing" } | { "type": "said", 
/**
 * What.
 */
line: ChatLine, } | { "type": "history", 
/**
 * In the order of their numbers.
 */
lines: Array<ChatLine>, 
/**
 * No more follows.
 */
last: boolean, } | { "type": "pointing", 
/**
 * What is said about it.
 */
pointing: Pointing, } | { "type": "unknown" };
