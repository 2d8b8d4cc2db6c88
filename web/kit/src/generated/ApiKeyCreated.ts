// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ApiKey } from "./ApiKey";

/**
 * The answer to [`CreateApiKey`].
 */
export type ApiKeyCreated = { 
/**
 * The key.
 */
key: ApiKey, 
/**
 * What a program sends as `Authorization: Bearer`; shown this once.
 */
secret: string, };
