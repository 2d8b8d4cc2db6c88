import { describe, expect, it } from "vitest";
import { hrefOf, PLACES, routeOf } from "./router";

describe("an address", () => {
  it("leads back to where it came from", () => {
    for (const place of PLACES) {
      for (const id of [null, "u7", "a/b?c#d&e=f%", "ü ö"]) {
        const filters = { search: "a&b=c d/?#", from: "2026-11-01" };
        const fragment = hrefOf(place, id, { ...filters, to: "", outcome: undefined }).slice(1);
        expect(routeOf("/", fragment)).toEqual({ page: "place", place, id, filters });
      }
    }
  });

  it("of a session stays what it was", () => {
    expect(routeOf("/", "session=s%201")).toEqual({ page: "session", id: "s 1" });
    expect(routeOf("/", "")).toEqual({ page: "home" });
  });

  it("from a mail keeps its secret as it is", () => {
    expect(routeOf("/invitation", "a-b_c=d")).toEqual({ page: "invitation", token: "a-b_c=d" });
    expect(routeOf("/reset/", "x")).toEqual({ page: "reset", token: "x" });
    expect(routeOf("/setup", "")).toEqual({ page: "setup", token: "" });
  });

  it("that leads nowhere leads home", () => {
    for (const fragment of ["/", "/nowhere", "/people2", "//people", "%", "/people%"]) {
      expect(["home"]).toContain(routeOf("/", fragment).page);
    }
    expect(routeOf("/", "/people/%E0%A4%A")).toMatchObject({ place: "people", id: "%E0%A4%A" });
  });
});
