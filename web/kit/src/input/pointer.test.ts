import { describe, expect, it } from "vitest";
import { PointerPump } from "../screen/pump";
import { FakeClock } from "../testing/clock";
import { pixelAt, scaleOf } from "./place";
import { Wheel } from "./wheel";

describe("the wheel", () => {
  it("takes notches from the device where the browser tells them, whatever the pixels say", () => {
    const wheel = new Wheel();
    expect(wheel.turn({ deltaX: 0, deltaY: 53, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -120 })).toEqual({ dx: 0, dy: -120 });
  });

  it("of a touch pad is its pixels, also where what the browser makes of them looks like notches", () => {
    const wheel = new Wheel();
    expect(wheel.turn({ deltaX: 0, deltaY: 40, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -120 })).toEqual({ dx: 0, dy: -48 });
    expect(wheel.turn({ deltaX: 0, deltaY: 1, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -3 }).dy).toBe(-1);
    expect(wheel.turn({ deltaX: 0, deltaY: 1, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -3 }).dy).toBe(-1);
  });

  it("is positive up and right", () => {
    const wheel = new Wheel();
    expect(wheel.turn({ deltaX: 100, deltaY: -100, deltaMode: 0 })).toEqual({ dx: 120, dy: 120 });
  });

  it("keeps the fractions of a smooth wheel", () => {
    const wheel = new Wheel();
    let sum = 0;
    for (let i = 0; i < 80; i++) sum += wheel.turn({ deltaX: 0, deltaY: 1.25, deltaMode: 0 }).dy;
    expect(sum).toBe(-120);
  });

  it("knows lines and pages", () => {
    const wheel = new Wheel();
    expect(wheel.turn({ deltaX: 0, deltaY: 3, deltaMode: 1 }).dy).toBe(-120);
    expect(wheel.turn({ deltaX: 0, deltaY: 1, deltaMode: 2 }).dy).toBe(-360);
  });
});

describe("places", () => {
  const screen = { width: 1920, height: 1080 };

  it("name the pixel under the pointer, and the nearest one outside", () => {
    const box = { left: 100, top: 50, width: 960, height: 540 };
    expect(pixelAt({ x: 100, y: 50 }, box, screen)).toEqual({ x: 0, y: 0 });
    expect(pixelAt({ x: 580, y: 320 }, box, screen)).toEqual({ x: 960, y: 540 });
    expect(pixelAt({ x: 5000, y: -7 }, box, screen)).toEqual({ x: 1919, y: 0 });
  });

  it("fit fills the room and does not blur a small screen beyond twice its size", () => {
    expect(scaleOf(screen, { width: 960, height: 1080 }, "fit", 1)).toBe(0.5);
    expect(scaleOf({ width: 100, height: 100 }, { width: 1000, height: 1000 }, "fit", 1)).toBe(2);
    expect(scaleOf(screen, { width: 10, height: 10 }, "actual", 2)).toBe(0.5);
  });
});

describe("pointer positions", () => {
  it("leave at once, then only the newest of each turn", async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    const pump = new PointerPump(clock, () => true, (x) => void sent.push(x));
    for (let x = 1; x <= 5; x++) pump.move(x, 0);
    expect(sent).toEqual([1]);
    await clock.move(4);
    expect(sent).toEqual([1, 5]);
  });

  it("wait while nothing can leave, and old ones are forgotten", async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    let ready = false;
    const pump = new PointerPump(clock, () => ready, (x) => void sent.push(x));
    pump.move(1, 0);
    await clock.move(20);
    pump.move(2, 0);
    ready = true;
    await clock.move(20);
    expect(sent).toEqual([2]);
  });

  it("are forgotten when a button says its own place", async () => {
    const clock = new FakeClock();
    const sent: number[] = [];
    const pump = new PointerPump(clock, () => true, (x) => void sent.push(x));
    pump.move(1, 0);
    pump.move(2, 0);
    pump.forget();
    await clock.move(50);
    expect(sent).toEqual([1]);
  });
});
