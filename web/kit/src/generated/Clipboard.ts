// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ClipboardPart } from "./ClipboardPart";
import type { ClipboardWhy } from "./ClipboardWhy";
import type { Watch } from "./Watch";

/**
 * Messages of [`crate::envelope::Stream::Clipboard`].
 */
export type Clipboard = { "type": "watch", 
/**
 * From now on.
 */
watch: Watch, } | { "type": "fetch", 
/**
 * Returned in the answer; not 0.
 */
request: number, } | { "type": "nothing", 
/**
 * The fetch's, 0 where the console watches.
 */
request: number, 
/**
 * Why.
 */
why: ClipboardWhy, } | { "type": "offer", 
/**
 * Number of the transfer, by the side that offers.
 */
transfer: number, 
/**
 * Of the fetch that it answers, else 0.
 */
request: number, 
/**
 * The formats and their sizes. Each format once.
 */
parts: Array<ClipboardPart>, 
/**
 * Names of copied files, without their folders. The files themselves are not part of the content.
 */
files: Array<string>, 
/**
 * Further files whose names are not told.
 */
more_files: number, } | { "type": "credit", 
/**
 * The offer's.
 */
transfer: number, 
/**
 * At most [`CLIPBOARD_WINDOW`].
 */
bytes: number, } | { "type": "piece", 
/**
 * The offer's.
 */
transfer: number, 
/**
 * At most [`CLIPBOARD_PIECE`], at least one.
 */
bytes: Uint8Array, } | { "type": "taken", 
/**
 * The offer's.
 */
transfer: number, } | { "type": "refused", 
/**
 * The offer's.
 */
transfer: number, 
/**
 * Why.
 */
why: ClipboardWhy, } | { "type": "dropped", 
/**
 * The offer's.
 */
transfer: number, } | { "type": "unknown" };
