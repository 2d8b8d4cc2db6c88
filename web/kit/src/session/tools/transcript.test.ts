import { describe, expect, it } from "vitest";
import type { Line } from "./chat.svelte";
import { MAX_TRANSCRIPT, readTranscript, writeTranscript } from "./transcript";

const names = { technician: "Ada", customer: "" };
const line = (number: number | null, text: string, who: Line["who"] = "customer"): Line => ({ key: `${number}`, number, who, name: "", text, at: 1_790_000_000_000, mark: "delivered" });
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("a transcript", () => {
  it("holds what the agent has, and reads back", () => {
    const written = writeTranscript([line(1, "Hello <b>"), line(2, "Hi", "me"), line(null, "not sent", "me")], 0, names);
    expect(readTranscript(written)).toEqual({
      leftOut: 0,
      ...names,
      lines: [
        { at: 1_790_000_000_000, who: "customer", name: "", text: "Hello <b>" },
        { at: 1_790_000_000_000, who: "me", name: "", text: "Hi" },
      ],
    });
  });

  it("leaves the oldest lines out where they are too many, and says how many", () => {
    const lines = Array.from({ length: 400 }, (_, at) => line(at + 1, "x".repeat(4_000)));
    const written = writeTranscript(lines, 7, names);
    expect(written.length).toBeLessThanOrEqual(MAX_TRANSCRIPT);
    const read = readTranscript(written);
    expect((read?.lines.length ?? 0) + (read?.leftOut ?? 0)).toBe(407);
    expect(read?.lines.length).toBeGreaterThan(80);
  });

  it("is refused where it is none, whoever sealed it", () => {
    const good = { farhand: "chat 1", lines: [{ at: 5, who: "me", name: "a\u202eb", text: "x" }] };
    expect(readTranscript(bytes(good))?.lines[0]?.name).toBe("ab");
    for (const wrong of [{ ...good, farhand: "chat 2" }, { ...good, lines: 3 }, { ...good, lines: [null] }, { ...good, lines: [{ at: 1e99, who: "me" }] }, { ...good, lines: [{ at: 5, who: "admin" }] }, null, 5]) {
      expect(readTranscript(bytes(wrong))).toBeNull();
    }
    expect(readTranscript(Uint8Array.of(0xff, 0xfe))).toBeNull();
  });
});
