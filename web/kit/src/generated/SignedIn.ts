// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { User } from "./User";

/**
 * Somebody is signed in: the answer to every step that ends in a new sign-in.
 */
export type SignedIn = { 
/**
 * Opaque bearer token; present only when the request asks with `Farhand-Token: bearer`.
 */
token?: string, 
/**
 * Who signed in.
 */
user: User, };
