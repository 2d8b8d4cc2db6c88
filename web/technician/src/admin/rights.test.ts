import { describe, expect, it } from "vitest";
import { rangesOf, RIGHTS, withRight } from "./rights";

describe("rights of a group", () => {
  it("never hold control without the view", () => {
    for (const right of RIGHTS) {
      for (const on of [true, false]) {
        const after = withRight(withRight([], "control", true), right, on);
        if (after.includes("control")) expect(after).toContain("view");
      }
    }
    expect(withRight(["view", "control"], "view", false)).toEqual([]);
    expect(withRight([], "control", true)).toEqual(["view", "control"]);
  });

  it("hold each right once, in one order", () => {
    expect(withRight(["files", "view"], "files", true)).toEqual(["view", "files"]);
  });
});

describe("address ranges", () => {
  it("may be written with commas, lines or spaces", () => {
    expect(rangesOf(" 192.0.2.0/24, 2001:db8::/32\n\n203.0.113.7 ;")).toEqual(["192.0.2.0/24", "2001:db8::/32", "203.0.113.7"]);
    expect(rangesOf("  \n ")).toEqual([]);
  });
});
