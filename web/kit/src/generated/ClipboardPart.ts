// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ClipboardFormat } from "./ClipboardFormat";

/**
 * A format of the content and its size.
 */
export type ClipboardPart = { 
/**
 * Which.
 */
format: ClipboardFormat, 
/**
 * In bytes, at least one, at most [`ClipboardFormat::most`].
 */
size: number, };
