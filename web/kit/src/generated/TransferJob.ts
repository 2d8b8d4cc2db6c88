// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.

/**
 * What a disk does for one file. The jobs of one file are done in their order.
 */
export type TransferJob = { "type": "create", 
/**
 * Folders and the file's name, below the chosen folder; each is confined by [`names::confined`].
 */
path: Array<string>, 
/**
 * Bytes to come.
 */
size: number, } | { "type": "write", 
/**
 * Where; what was written before ends there.
 */
offset: number, 
/**
 * What.
 */
bytes: Uint8Array, } | { "type": "finish", 
/**
 * What the other end read.
 */
hash: Uint8Array, } | { "type": "open", 
/**
 * Which.
 */
path: string, } | { "type": "seek", 
/**
 * Answers to reads before this are not wanted any more.
 */
turn: number, 
/**
 * Where.
 */
offset: number, } | { "type": "read", 
/**
 * Of the last [`Job::Seek`].
 */
turn: number, 
/**
 * At most so many bytes.
 */
length: number, } | { "type": "close" };
