import { describe, expect, it } from "vitest";
import { formatCode, isComplete, parseDigits } from "./code";

describe("join codes", () => {
  it("are shown in three groups", () => {
    expect(formatCode("4821935710")).toBe("482 193 5710");
    expect(formatCode("4821")).toBe("482 1");
    expect(formatCode("")).toBe("");
  });

  it("are read however people write them", () => {
    for (const text of ["4821935710", "482 193 5710", " 482-193-5710 ", "482.193.5710", "４８２１９３５７１０", "https://a.example/join#4821935710", "#4821935710"]) {
      expect(parseDigits(text)).toBe("4821935710");
    }
  });

  it("are complete with ten digits, and never longer", () => {
    expect(isComplete(parseDigits("482 193 571"))).toBe(false);
    expect(isComplete(parseDigits("482 193 57109999"))).toBe(true);
  });
});
