// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Method } from "./Method";

/**
 * A sign-in that stands.
 */
export type StandingSignIn = { 
/**
 * Identifier, for `DELETE /me/sign-ins/{id}`.
 */
id: string, 
/**
 * Whether the request came by this one.
 */
this: boolean, 
/**
 * When.
 */
created_at: number, 
/**
 * When it was used last, within a minute.
 */
seen_at: number, 
/**
 * When it ends whatever happens.
 */
expires_at: number, 
/**
 * Where from.
 */
address: string, 
/**
 * The browser or program, such as `Firefox on Linux`; empty when it did not say.
 */
program: string, 
/**
 * By which methods.
 */
methods: Array<Method>, };
