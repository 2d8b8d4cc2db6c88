/** Days as people pick them, `2026-11-21`, and the times that they are. */

const DAY_MS = 86_400_000;

/** The first moment of a day where the reader is; nothing for no day. */
export function dayStart(day: string | undefined): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? "");
  return parts ? new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3])).getTime() : undefined;
}

/** The first moment after it: the service counts up to it, without it. */
export function dayEnd(day: string | undefined): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? "");
  return parts ? new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + 1).getTime() : undefined;
}

/** A day in UTC, as reports count. */
export function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Every day from one to another, both included; at most `most`, the newest. */
export function daysBetween(from: string, to: string, most = 366): string[] {
  const last = Date.parse(`${to}T00:00:00Z`);
  const first = Math.max(Date.parse(`${from}T00:00:00Z`), last - (most - 1) * DAY_MS);
  const days: string[] = [];
  for (let at = first; at <= last; at += DAY_MS) days.push(utcDay(at));
  return days;
}

/** The last `count` days up to now, in UTC. */
export function lastDays(count: number, now: number): { from: string; to: string } {
  return { from: utcDay(now - (count - 1) * DAY_MS), to: utcDay(now) };
}
