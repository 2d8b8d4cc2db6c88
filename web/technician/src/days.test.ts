import { describe, expect, it } from "vitest";
import { dayEnd, daysBetween, dayStart, lastDays } from "./days";

describe("days", () => {
  it("are whole where the reader is, also when clocks change", () => {
    for (const day of ["2026-03-29", "2026-10-25", "2026-12-31", "2028-02-29"]) {
      const [start, end] = [dayStart(day) ?? 0, dayEnd(day) ?? 0];
      expect(new Date(start).getHours()).toBe(0);
      expect(new Date(end).getHours()).toBe(0);
      expect(new Date(start).getDate()).toBe(Number(day.slice(8)));
      expect(new Date(end - 1).getDate()).toBe(Number(day.slice(8)));
    }
    expect(dayStart("")).toBeUndefined();
    expect(dayEnd("21.11.2026")).toBeUndefined();
  });

  it("of a span are each there once", () => {
    expect(daysBetween("2026-02-27", "2026-03-02")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]);
    expect(daysBetween("2020-01-01", "2026-01-01")).toHaveLength(366);
    expect(daysBetween("2026-01-02", "2026-01-01")).toEqual([]);
    expect(lastDays(7, Date.parse("2026-11-21T23:59:59Z"))).toEqual({ from: "2026-11-15", to: "2026-11-21" });
  });
});
