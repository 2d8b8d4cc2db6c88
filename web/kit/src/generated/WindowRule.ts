// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { WindowEffect } from "./WindowEffect";
import type { WindowMark } from "./WindowMark";

/**
 * A kind of window. Password managers are kept out of the picture without being listed.
 */
export type WindowRule = { 
/**
 * What is done about it.
 */
effect: WindowEffect, 
/**
 * By what it is known.
 */
by: WindowMark, 
/**
 * What the program's name or the title is, in large or small letters; `*` stands for anything. From 3 to 100
 * characters.
 */
pattern: string, };
