import { describe, expect, it } from "vitest";
import { Meter } from "./meter";
import { CODEC } from "./video";

describe("what the picture comes to", () => {
  it("counts frames, bits and what did not come, of the last seconds only", () => {
    const meter = new Meter();
    expect(meter.read(0)).toEqual({ frames: 0, rate: 0, loss: 0, codec: null });
    for (let i = 0; i < 60; i++) {
      meter.message(1_000);
      meter.frame(null);
    }
    const first = meter.read(2_000);
    expect(first).toEqual({ frames: 30, rate: 240_000, loss: 0, codec: null });
    for (let i = 0; i < 99; i++) meter.message(10);
    meter.gap();
    expect(meter.read(4_000).loss).toBeCloseTo(100 / 160);
    // Long ago is over.
    meter.read(6_000);
    expect(meter.read(8_000)).toEqual({ frames: 0, rate: 0, loss: 0, codec: null });
  });

  it("names the codec while something moves", () => {
    const meter = new Meter();
    meter.read(0);
    meter.frame(CODEC.av1);
    expect(meter.read(2_000).codec).toBe("av1");
    meter.frame(null);
    expect(meter.read(4_000).codec).toBe("av1");
    meter.read(6_000);
    meter.read(8_000);
    expect(meter.read(10_000).codec).toBeNull();
  });
});
