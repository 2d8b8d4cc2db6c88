import type { ReportRow } from "@kit/api/model";
import { describe, expect, it } from "vitest";
import { average, byDay, byOutcome, byResult, byTechnician, total } from "./report";

const row = (day: string, technician: string, outcome: ReportRow["outcome"], sessions: number, joined: number, seconds: number): ReportRow => ({
  day,
  technician,
  technician_name: technician.toUpperCase(),
  outcome: outcome ?? null,
  sessions,
  joined,
  seconds,
  solved: Math.min(1, joined),
  not_solved: 0,
  follow_up: Math.max(0, joined - 2),
  passed_on: 0,
});
const ROWS = [
  row("2026-11-19", "a", "technician", 3, 3, 900),
  row("2026-11-19", "a", "code_expired", 2, 0, 0),
  row("2026-11-21", "b", "technician", 1, 1, 300),
  row("2026-11-21", "b", undefined, 1, 1, 0),
];

describe("a report", () => {
  it("sums to the same whichever way it is cut", () => {
    const whole = total(ROWS);
    expect(whole).toMatchObject({ sessions: 7, joined: 5, seconds: 1200 });
    for (const cut of [byTechnician(ROWS), byOutcome(ROWS), byDay(ROWS, ["2026-11-19", "2026-11-20", "2026-11-21"])]) {
      for (const key of ["sessions", "joined", "seconds"] as const) expect(cut.reduce((sum, one) => sum + one[key], 0)).toBe(whole[key]);
    }
  });

  it("has a bar for a day without sessions too", () => {
    expect(byDay(ROWS, ["2026-11-19", "2026-11-20", "2026-11-21"]).map(({ sessions }) => sessions)).toEqual([5, 0, 2]);
  });

  it("counts the length of joined sessions only", () => {
    expect(average(total(ROWS))).toBe(240_000);
    expect(average(total([]))).toBeNull();
  });

  it("counts results, and those without one", () => {
    expect(byResult(ROWS)).toEqual([
      { id: "solved", sessions: 3 },
      { id: "follow_up", sessions: 1 },
      { id: "none", sessions: 3 },
    ]);
  });

  it("names those that are still open", () => {
    expect(byOutcome(ROWS).map(({ id }) => id)).toEqual(["technician", "code_expired", "open"]);
  });
});
