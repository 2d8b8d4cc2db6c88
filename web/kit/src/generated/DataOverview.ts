// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Deletion } from "./Deletion";

/**
 * `GET /data`. The archive of everything is at `GET /data/export`, of one session at `GET /data/export?session=`.
 */
export type DataOverview = { 
/**
 * Ended sessions and what belongs to them are deleted after this many days; left out: kept.
 */
retention_days?: number, 
/**
 * When the subscription ends.
 */
subscription_ends_at?: number, 
/**
 * When everything is deleted by itself, 90 days after that.
 */
deleted_at?: number, 
/**
 * Sessions kept now.
 */
sessions: number, 
/**
 * Audit entries kept now.
 */
audit_entries: number, 
/**
 * Deletions done, newest first.
 */
deletions: Array<Deletion>, };
