import { expect, test } from "vitest";
import { PageSurface, type Paint } from "./painting";

const WIDTH = 8;
const HEIGHT = 4;

/** A picture whose pixels say where they are: x, y, the value, opaque. */
function world() {
  const data = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  const fill = (value: number): void => {
    for (let i = 0; i < WIDTH * HEIGHT; i++) data.set([i % WIDTH, Math.floor(i / WIDTH), value, 255], i * 4);
  };
  fill(1);
  const image = { width: WIDTH, height: HEIGHT, data } as unknown as ImageData;
  const heard: string[] = [];
  const paints: Paint[] = [];
  const surface = new PageSurface((paint) => paints.push(paint));
  surface.resize(WIDTH, HEIGHT);
  const put = (name: string, ...rects: number[]): void => surface.put(() => image, rects, () => heard.push(name));
  const frame = (): VideoFrame & { closed: boolean } => {
    const made = { closed: false, clone: () => frame(), close: () => (made.closed = true) };
    return made as unknown as VideoFrame & { closed: boolean };
  };
  return { fill, heard, paints, surface, put, frame };
}

const pixels = (paint: Paint | undefined): number[][] => {
  const bytes = new Uint8Array(paint?.pixels ?? new ArrayBuffer(0));
  return Array.from({ length: bytes.length / 4 }, (_, i) => [...bytes.subarray(i * 4, i * 4 + 3)]);
};

test("only the changed pixels are handed over, and a frame counts when the page has drawn them", () => {
  const { heard, paints, surface, put } = world();
  put("a", 6, 1, 2, 2, 0, 3, 1, 1);
  expect(paints[0]).toMatchObject({ width: WIDTH, height: HEIGHT, rects: [6, 1, 2, 2, 0, 3, 1, 1], video: null });
  expect(pixels(paints[0])).toEqual([[6, 1, 1], [7, 1, 1], [6, 2, 1], [7, 2, 1], [0, 3, 1]]);
  expect(heard).toEqual([]);
  surface.painted();
  expect(heard).toEqual(["a"]);
  expect(paints.length).toBe(1);
});

test("while the page is busy changes are collected, and the newest pixels are what it gets", () => {
  const { fill, heard, paints, surface, put } = world();
  put("a", 0, 0, 1, 1);
  put("b", 1, 1, 1, 1);
  put("c", 1, 1, 2, 2);
  fill(2);
  put("d", 1, 1, 1, 1);
  expect(paints.length).toBe(1);
  surface.painted();
  expect(heard).toEqual(["a"]);
  expect(paints[1]?.rects).toEqual([1, 1, 2, 2]);
  expect(pixels(paints[1])[0]).toEqual([1, 1, 2]);
  surface.painted();
  expect(heard).toEqual(["a", "b", "c", "d"]);
});

test("more than the whole picture is never handed over", () => {
  const { paints, surface, put } = world();
  put("a", 0, 0, 1, 1);
  put("b", 0, 0, 7, 4, 1, 0, 7, 4);
  surface.painted();
  expect(paints[1]?.rects).toEqual([0, 0, WIDTH, HEIGHT]);
  expect(pixels(paints[1]).length).toBe(WIDTH * HEIGHT);
});

test("a frame without changes counts as well", () => {
  const { heard, paints, surface, put } = world();
  put("a");
  surface.painted();
  expect([heard, paints[0]?.rects, paints[0]?.pixels.byteLength]).toEqual([["a"], [], 0]);
});

test("of a video's pictures the page gets the newest, and the others are closed", () => {
  const { paints, surface, put, frame } = world();
  put("a", 0, 0, 1, 1);
  const region = { x: 4, y: 0, w: 2, h: 2 };
  const made: { closed: boolean }[] = [];
  for (const _ of [1, 2]) {
    const picture = { clone: () => (made.push(frame()), made.at(-1)) } as unknown as VideoFrame;
    expect(surface.video(picture, region)).toBe(true);
  }
  expect(made.map(({ closed }) => closed)).toEqual([true, false]);
  surface.painted();
  expect(paints[1]?.video?.frame).toBe(made[1]);
});

test("exact pixels that come after a video's picture lie above it", () => {
  const { paints, surface, put, frame } = world();
  put("a", 0, 0, 1, 1);
  surface.video(frame(), { x: 4, y: 0, w: 2, h: 2 });
  put("b", 5, 1, 1, 1);
  expect(paints.map(({ rects, video }) => [rects, video !== null])).toEqual([
    [[0, 0, 1, 1], false],
    [[], true],
  ]);
  surface.painted();
  surface.painted();
  expect(paints[2]?.rects).toEqual([5, 1, 1, 1]);
});

test("where a picture cannot be handed over, the framebuffer is drawn", () => {
  const { paints, surface } = world();
  const stuck = { clone: () => { throw new Error("detached"); } } as unknown as VideoFrame;
  expect(surface.video(stuck, { x: 0, y: 0, w: 2, h: 2 })).toBe(false);
  expect(paints).toEqual([]);
});
