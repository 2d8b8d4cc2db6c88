import { describe, expect, it } from "vitest";
import { niceCeiling } from "./chart";

describe("the top of a scale", () => {
  it("is never below the largest value, and never more than twice as high", () => {
    for (let value = 1; value < 100_000; value = Math.ceil(value * 1.07)) {
      const top = niceCeiling(value);
      expect(top).toBeGreaterThanOrEqual(value);
      expect(top).toBeLessThanOrEqual(Math.max(2, value * 2));
    }
  });

  it("exists when there is nothing to show", () => {
    expect(niceCeiling(0)).toBe(2);
    expect(niceCeiling(Number.NaN)).toBe(2);
  });
});
