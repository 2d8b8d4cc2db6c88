// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { LogLine } from "./LogLine";
import type { Package } from "./Package";
import type { Process } from "./Process";
import type { Service } from "./Service";
import type { Summary } from "./Summary";

/**
 * A page of an answer.
 */
export type Rows = { "topic": "summary", 
/**
 * What the computer is.
 */
summary: Summary, } | { "topic": "processes", 
/**
 * At most [`MAX_PAGE_ROWS`].
 */
rows: Array<Process>, } | { "topic": "services", 
/**
 * At most [`MAX_PAGE_ROWS`].
 */
rows: Array<Service>, } | { "topic": "log", 
/**
 * At most [`MAX_PAGE_ROWS`].
 */
rows: Array<LogLine>, 
/**
 * The place of the last line, for [`Topic::Log`]'s `after`; empty where there is none.
 */
place: string, } | { "topic": "software", 
/**
 * At most [`MAX_PAGE_ROWS`].
 */
rows: Array<Package>, } | { "topic": "unknown" };
