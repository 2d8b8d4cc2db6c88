// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { Right } from "./Right";
import type { WindowRule } from "./WindowRule";

/**
 * What the members of a group may do at most. A ceiling: the customer's consent is needed for each of it all the
 * same. Kept at the service and at the agent.
 */
export type Policy = { 
/**
 * The rights that a technician may ask for.
 */
rights: Array<Right>, 
/**
 * A session ends this many minutes after the customer joined.
 */
session_minutes?: number, 
/**
 * A session ends, and a sign-in too, after this many minutes without use.
 */
idle_minutes?: number, 
/**
 * Whether sessions are to be recorded.
 */
recorded: boolean, 
/**
 * From where the members may work, such as `192.0.2.0/24`; empty for anywhere.
 */
addresses: Array<string>, 
/**
 * Windows that the agent keeps out of the picture, or in which nobody but the customer acts: the organisation's
 * list, as the service fills it in for a session. Empty in a group's form.
 */
windows?: Array<WindowRule>, };
