// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Invitation } from "./Invitation";
import type { Person } from "./Person";

/**
 * `GET /people`.
 */
export type People = { 
/**
 * By name.
 */
people: Array<Person>, 
/**
 * Invitations that wait, newest first.
 */
invitations: Array<Invitation>, };
