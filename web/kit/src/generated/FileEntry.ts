// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { FileKind } from "./FileKind";

/**
 * What lies in a folder.
 */
export type FileEntry = { 
/**
 * Its name, at most [`MAX_GIVEN`] bytes.
 */
name: string, 
/**
 * What it is.
 */
kind: FileKind, 
/**
 * Bytes, of a file.
 */
size: number, 
/**
 * When it was last changed, seconds since 1970; 0 when that is not known.
 */
changed: number, };
