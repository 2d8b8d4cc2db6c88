// Generated from the protocol crate by `cargo xtask vectors`. Do not edit.
import type { ReportRow } from "./ReportRow";

/**
 * `GET /report?from=&to=` (times; at most 366 days), and as CSV at `GET /report.csv`.
 */
export type Report = { 
/**
 * A row for each day, technician and outcome that occurred; by day.
 */
rows: Array<ReportRow>, };
