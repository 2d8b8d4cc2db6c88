import { describe, expect, it } from "vitest";
import { FakeClock } from "../testing/clock";
import { Acks } from "./acks";
import { CODEC, codecName } from "./video";

function world() {
  const clock = new FakeClock();
  const sent: string[] = [];
  const acks = new Acks(clock, { drawn: (frame) => void sent.push(`drawn ${frame}`), reset: () => void sent.push("reset") });
  return { clock, sent, acks };
}

describe("acknowledgements", () => {
  it("are repeated, ever more rarely, and only the newest", async () => {
    const { clock, sent, acks } = world();
    acks.drawn(1, 0);
    acks.drawn(2, 0);
    await clock.move(149);
    expect(sent).toEqual(["drawn 1", "drawn 2"]);
    await clock.move(1);
    expect(sent).toEqual(["drawn 1", "drawn 2", "drawn 2"]);
    await clock.move(60_000);
    expect(sent.filter((line) => line === "drawn 2")).toHaveLength(5);
  });

  it("stop with the link", async () => {
    const { clock, sent, acks } = world();
    acks.drawn(1, 0);
    acks.stop();
    await clock.move(10_000);
    expect(sent).toEqual(["drawn 1"]);
  });
});

describe("requests for a whole frame", () => {
  it("go once for a burst of gaps, and again while none comes", async () => {
    const { clock, sent, acks } = world();
    for (let i = 0; i < 50; i++) acks.reset();
    expect(sent).toEqual(["reset"]);
    await clock.move(300);
    expect(sent).toEqual(["reset", "reset"]);
    acks.whole();
    await clock.move(60_000);
    expect(sent).toEqual(["reset", "reset"]);
  });

  it("wait a moment where one should come by itself", async () => {
    const { clock, sent, acks } = world();
    acks.expect();
    await clock.move(299);
    expect(sent).toEqual([]);
    await clock.move(1);
    expect(sent).toEqual(["reset"]);
    acks.whole();
    acks.expect();
    acks.whole();
    await clock.move(60_000);
    expect(sent).toEqual(["reset"]);
  });

  it("end when nobody answers", async () => {
    const { clock, sent, acks } = world();
    acks.reset();
    await clock.move(600_000);
    expect(sent).toHaveLength(5);
  });
});

describe("codec names", () => {
  it("come from the key frame's parameter set", () => {
    const sps = Uint8Array.of(0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0x8c);
    expect(codecName(CODEC.h264, sps)).toBe("avc1.42c01f");
    expect(codecName(CODEC.h264, Uint8Array.of(0, 0, 1, 0x65, 1, 2, 3))).toBeNull();
    expect(codecName(CODEC.av1, new Uint8Array())).toMatch(/^av01/);
    expect(codecName(99, sps)).toBeNull();
  });
});
