// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Files } from "./Files";
import type { TransferJob } from "./TransferJob";

/**
 * What the caller does next.
 */
export type TransferOutput = { "type": "send", 
/**
 * What.
 */
message: Files, } | { "type": "disk", 
/**
 * For which file.
 */
transfer: number, 
/**
 * What.
 */
job: TransferJob, };
