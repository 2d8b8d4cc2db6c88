// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ReceiptKept } from "./ReceiptKept";

/**
 * `GET /receipts`.
 */
export type Receipts = { 
/**
 * Newest first.
 */
receipts: Array<ReceiptKept>, };
