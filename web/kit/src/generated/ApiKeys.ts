// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ApiKey } from "./ApiKey";

/**
 * `GET /api-keys`.
 */
export type ApiKeys = { 
/**
 * Newest first.
 */
keys: Array<ApiKey>, };
