// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Direction } from "./Direction";
import type { FileEnd } from "./FileEnd";
import type { ItemState } from "./ItemState";

/**
 * A file as the list shows it.
 */
export type TransferItem = { 
/**
 * Its number.
 */
transfer: number, 
/**
 * Which way.
 */
direction: Direction, 
/**
 * Its name; where it lies, once it is whole.
 */
name: string, 
/**
 * Bytes in all.
 */
size: number, 
/**
 * Bytes that the receiving end has, as far as is known.
 */
moved: number, 
/**
 * Where it stands.
 */
state: ItemState, 
/**
 * Why it is over.
 */
why: FileEnd | null, };
