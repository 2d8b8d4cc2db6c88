// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { EndReason } from "./EndReason";

/**
 * Sessions of one technician on one day with one outcome.
 */
export type ReportRow = { 
/**
 * Such as `2026-11-21`, in UTC.
 */
day: string, 
/**
 * The technician's identifier.
 */
technician: string, 
/**
 * The technician's name.
 */
technician_name: string, 
/**
 * How they ended; left out for those that are open.
 */
outcome?: EndReason, 
/**
 * How many.
 */
sessions: number, 
/**
 * How many of them a customer joined.
 */
joined: number, 
/**
 * Seconds from joining to the end, of all of them.
 */
seconds: number, 
/**
 * How many of them were solved, as their technicians wrote down.
 */
solved: number, 
/**
 * How many were not.
 */
not_solved: number, 
/**
 * How many left something to be done.
 */
follow_up: number, 
/**
 * How many somebody else goes on with.
 */
passed_on: number, };
