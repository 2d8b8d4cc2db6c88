import { describe, expect, it } from "vitest";
import { codeOf, codeProblem, formatCode, parseDigits } from "./code";

describe("join codes", () => {
  it("are shown in three groups", () => {
    expect(formatCode("4821935710")).toBe("482 193 5710");
    expect(formatCode("4821")).toBe("482 1");
    expect(formatCode("")).toBe("");
    expect(codeOf("482193", "0710")).toBe("482 193 0710");
    expect(codeOf("482193", null)).toBe("482 193 ····");
  });

  it("are read however people write them", () => {
    for (const text of ["4821935710", "482 193 5710", " 482-193-5710 ", "482.193.5710", "482–193–5710", "４８２１９３５７１０", "https://a.example/join#4821935710", "#4821935710"]) {
      expect(parseDigits(text)).toBe("4821935710");
      expect(codeProblem(text)).toBeNull();
    }
  });

  it("are told what is wrong with them", () => {
    expect(codeProblem("482 193 571")).toEqual({ kind: "short", digits: 9 });
    expect(codeProblem("482 193")).toEqual({ kind: "short", digits: 6 });
    expect(codeProblem("482 193 57109")).toEqual({ kind: "long", digits: 11 });
    expect(codeProblem("482 193 571O")).toEqual({ kind: "letters", digits: 9 });
    expect(codeProblem("")).toEqual({ kind: "short", digits: 0 });
  });
});
