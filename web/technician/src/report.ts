import type { EndReason, ReportRow, SessionResult } from "@kit/api/model";

/** Sums over rows of a report. */
export interface Sum {
  id: string;
  name: string;
  sessions: number;
  joined: number;
  /** From joining to the end, of all of them. */
  seconds: number;
}

function add(sums: Map<string, Sum>, id: string, name: string, row: ReportRow): void {
  const sum = sums.get(id) ?? { id, name, sessions: 0, joined: 0, seconds: 0 };
  sums.set(id, { ...sum, sessions: sum.sessions + row.sessions, joined: sum.joined + row.joined, seconds: sum.seconds + row.seconds });
}

export function total(rows: readonly ReportRow[]): Sum {
  const sums = new Map<string, Sum>([["", { id: "", name: "", sessions: 0, joined: 0, seconds: 0 }]]);
  for (const row of rows) add(sums, "", "", row);
  return sums.get("") as Sum;
}

export function byTechnician(rows: readonly ReportRow[]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const row of rows) add(sums, row.technician, row.technician_name, row);
  return [...sums.values()];
}

/** Every day of the span, also those on which nothing was. */
export function byDay(rows: readonly ReportRow[], days: readonly string[]): Sum[] {
  const sums = new Map<string, Sum>(days.map((day) => [day, { id: day, name: day, sessions: 0, joined: 0, seconds: 0 }]));
  for (const row of rows) if (sums.has(row.day)) add(sums, row.day, row.day, row);
  return [...sums.values()];
}

export function byOutcome(rows: readonly ReportRow[]): Sum[] {
  const sums = new Map<string, Sum>();
  for (const row of rows) {
    const outcome: EndReason | "open" = row.outcome ?? "open";
    add(sums, outcome, outcome, row);
  }
  return [...sums.values()].sort((a, b) => b.sessions - a.sessions);
}

/** What technicians wrote down as the result, and of how many they wrote nothing; those that occurred. */
export function byResult(rows: readonly ReportRow[]): { id: SessionResult | "none"; sessions: number }[] {
  const counts = (["solved", "not_solved", "follow_up", "passed_on"] as const).map((id) => ({ id, sessions: rows.reduce((sum, row) => sum + row[id], 0) }));
  const written = counts.reduce((sum, { sessions }) => sum + sessions, 0);
  return [...counts, { id: "none" as const, sessions: total(rows).sessions - written }].filter(({ sessions }) => sessions > 0);
}

/** Milliseconds that a session lasted on average, of those that a customer joined. */
export function average(sum: Sum): number | null {
  return sum.joined === 0 ? null : (sum.seconds * 1000) / sum.joined;
}
