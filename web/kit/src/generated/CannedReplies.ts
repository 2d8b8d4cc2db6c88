// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { CannedReply } from "./CannedReply";

/**
 * `GET /canned-replies`.
 */
export type CannedReplies = { 
/**
 * By title.
 */
replies: Array<CannedReply>, };
