import { describe, expect, it } from "vitest";
import type { Monitor, Monitors } from "../types";
import { around, partOf, restOf, sizeOf } from "./monitors";

const monitor = (id: number, x: number, width = 1920, height = 1080): Monitor => ({ id, name: `M${id}`, area: { x, y: 0, width, height }, scale: 100, primary: id === 1 });
const monitors = (list: Monitor[], choice: Monitors["choice"] = { show: "all" }): Monitors => ({
  share: { what: "everything" },
  list,
  choice,
  area: { x: 0, y: 0, width: 3200, height: 1080 },
  hidden: 0,
  paused: false,
});

describe("monitors in a picture", () => {
  it("are found where they are, and cut where the picture ends", () => {
    const area = { x: 100, y: 50, width: 800, height: 600 };
    expect(partOf({ x: 200, y: 50, width: 100, height: 100 }, area)).toEqual({ x: 100, y: 0, width: 100, height: 100 });
    expect(partOf({ x: 0, y: 0, width: 200, height: 200 }, area)).toEqual({ x: 0, y: 0, width: 100, height: 150 });
    expect(partOf({ x: 900, y: 0, width: 10, height: 900 }, area)).toBeNull();
  });

  it("leave the main window the rest when they have a window of their own", () => {
    const two = monitors([monitor(1, 0), monitor(2, 1920, 1280, 1024)]);
    const picture = { width: 3200, height: 1080 };
    expect(restOf(two, new Set(), picture)).toEqual({ x: 0, y: 0, ...picture });
    expect(restOf(two, new Set([2]), picture)).toEqual({ x: 0, y: 0, width: 1920, height: 1080 });
    expect(restOf(two, new Set([1]), picture)).toEqual({ x: 1920, y: 0, width: 1280, height: 1024 });
    expect(restOf(two, new Set([1, 2]), picture), "every one").toEqual({ x: 0, y: 0, ...picture });
    expect(restOf({ ...two, choice: { show: "one", id: 1 } }, new Set([2]), picture).width).toBe(3200);
    expect(restOf(two, new Set([1]), { width: 1920, height: 1080 }), "a picture of before").toEqual({ x: 0, y: 0, width: 1920, height: 1080 });
  });

  it("are put together, and called by their size", () => {
    expect(around([])).toBeNull();
    expect(around([{ x: 5, y: 5, width: 5, height: 5 }, { x: 0, y: 8, width: 2, height: 9 }])).toEqual({ x: 0, y: 5, width: 10, height: 12 });
    expect(sizeOf(monitor(1, 0))).toBe("1920 × 1080");
    expect(sizeOf({ ...monitor(1, 0), scale: 150 })).toBe("1920 × 1080, 150 %");
  });
});
