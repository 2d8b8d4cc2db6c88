// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { FileEnd } from "./FileEnd";
import type { FileEntry } from "./FileEntry";

/**
 * A message, either way. `transfer` is a number of the console's choosing, one for each file.
 */
export type Files = { "type": "offer", 
/**
 * Which.
 */
transfer: number, 
/**
 * Folders and the file's name, below the folder that the customer's computer chooses; at most
 * [`MAX_DEPTH`] steps of at most [`MAX_GIVEN`] bytes.
 */
path: Array<string>, 
/**
 * Bytes.
 */
size: number, 
/**
 * Files that follow this one, as far as the console knows.
 */
more: number, 
/**
 * Their bytes.
 */
more_size: number, } | { "type": "fetch", 
/**
 * Which.
 */
transfer: number, 
/**
 * As [`Files::Listing`] gave it: folder and name, at most [`MAX_PATH`] bytes.
 */
path: string, 
/**
 * Everything before is there.
 */
offset: number, 
/**
 * The agent may send up to here.
 */
until: number, 
/**
 * Files that follow this one, as far as the console knows.
 */
more: number, 
/**
 * Their bytes.
 */
more_size: number, } | { "type": "asking", 
/**
 * Which.
 */
transfer: number, } | { "type": "ready", 
/**
 * Which.
 */
transfer: number, 
/**
 * The file's name on the customer's computer.
 */
name: string, 
/**
 * Bytes in all.
 */
size: number, 
/**
 * Everything before is there.
 */
offset: number, 
/**
 * Of an offer: the console may send up to here. Otherwise 0.
 */
until: number, } | { "type": "chunk", 
/**
 * Which.
 */
transfer: number, 
/**
 * Where they stand.
 */
offset: number, 
/**
 * At least one, at most [`MAX_CHUNK`].
 */
bytes: Uint8Array, } | { "type": "grant", 
/**
 * Which.
 */
transfer: number, 
/**
 * Bytes from the file's beginning.
 */
until: number, } | { "type": "done", 
/**
 * Which.
 */
transfer: number, 
/**
 * BLAKE3 of the whole file.
 */
hash: Uint8Array, } | { "type": "finished", 
/**
 * Which.
 */
transfer: number, 
/**
 * Its name where it lies now.
 */
name: string, } | { "type": "stop", 
/**
 * Which.
 */
transfer: number, 
/**
 * Why.
 */
why: FileEnd, } | { "type": "list", 
/**
 * Which question, a number of the console's choosing.
 */
list: number, 
/**
 * The folder; empty for the customer's own.
 */
path: string, } | { "type": "listing", 
/**
 * Which question.
 */
list: number, 
/**
 * The folder, as it is asked for again.
 */
path: string, 
/**
 * The folder above, if there is one.
 */
parent: string | null, 
/**
 * At most [`MAX_ENTRIES`].
 */
entries: Array<FileEntry>, 
/**
 * More of it follows.
 */
more: boolean, 
/**
 * There is more in the folder than is told.
 */
cut: boolean, } | { "type": "list_asking", 
/**
 * Which question.
 */
list: number, } | { "type": "list_refused", 
/**
 * Which question.
 */
list: number, 
/**
 * Why.
 */
why: FileEnd, } | { "type": "unknown" };
