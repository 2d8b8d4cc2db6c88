// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Scope } from "./Scope";

/**
 * A key.
 */
export type ApiKey = { 
/**
 * Identifier.
 */
id: string, 
/**
 * What it is for.
 */
name: string, 
/**
 * What it may do.
 */
scopes: Array<Scope>, 
/**
 * Who made it.
 */
created_by: string, 
/**
 * When.
 */
created_at: number, 
/**
 * When it ends.
 */
expires_at: number, 
/**
 * When it was used last, within a minute.
 */
used_at?: number, };
