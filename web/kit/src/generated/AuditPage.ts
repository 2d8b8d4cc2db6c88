// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { AuditEntry } from "./AuditEntry";

/**
 * `GET /audit?from=&to=&actor=&action=&outcome=&session=&security=&before=&limit=`, newest first; as JSON lines, oldest
 * first, at `GET /audit/export`.
 */
export type AuditPage = { 
/**
 * The entries.
 */
entries: Array<AuditEntry>, 
/**
 * What to give as `before` for the next page; left out on the last.
 */
next?: string, };
