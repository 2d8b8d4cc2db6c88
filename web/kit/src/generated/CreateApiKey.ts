// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Scope } from "./Scope";

/**
 * `POST /api-keys`.
 */
export type CreateApiKey = { 
/**
 * What it is for.
 */
name: string, 
/**
 * What it may do.
 */
scopes: Array<Scope>, 
/**
 * It ends after this many days, 1 to 366.
 */
days: number, };
