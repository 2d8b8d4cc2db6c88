// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { FileEnd } from "./FileEnd";

/**
 * What a disk answers.
 */
export type TransferSaid = { "type": "created" } | { "type": "written", 
/**
 * Bytes.
 */
until: number, } | { "type": "kept", 
/**
 * As it is called now.
 */
name: string, } | { "type": "opened", 
/**
 * As it is called.
 */
name: string, 
/**
 * Its size now, in bytes.
 */
size: number, } | { "type": "read", 
/**
 * Of the [`Job::Read`].
 */
turn: number, 
/**
 * As many as were asked for, or fewer.
 */
bytes: Uint8Array, 
/**
 * Of the whole file, with its last byte.
 */
hash: Uint8Array | null, } | { "type": "failed", 
/**
 * Why.
 */
why: FileEnd, };
