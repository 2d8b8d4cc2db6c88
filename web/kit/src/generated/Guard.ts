// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { GuardKind } from "./GuardKind";

/**
 * Something that guards the computer.
 */
export type Guard = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it is.
 */
kind: GuardKind, 
/**
 * Whether it is at work.
 */
active: boolean, };
