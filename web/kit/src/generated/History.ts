// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { PastSession } from "./PastSession";

/**
 * `GET /history?from=&to=&technician=&outcome=&result=&search=&before=&limit=`: sessions, newest first. An administrator sees
 * everybody's, a technician their own. `search` looks in technicians' names and in notes.
 */
export type History = { 
/**
 * The sessions.
 */
sessions: Array<PastSession>, 
/**
 * What to give as `before` for the next page; left out on the last.
 */
next?: string, };
