import { expect, test } from "vitest";
import { FakeClock, settle } from "../testing/clock";
import { CODEC, Video, type OtherDecoder, type Unit } from "./video";

const unit = (keyframe: boolean, codec: number = CODEC.h264): Unit => ({
  ticket: 1,
  region: { x: 0, y: 0, w: 4, h: 2 },
  codec,
  keyframe,
  data: Uint8Array.of(0, 0, 1, 0x67, 0x42, 0xc0, 0x1f),
});

function world(other: OtherDecoder | null) {
  const heard: unknown[][] = [];
  const video = new Video(
    {
      show: (picture) => heard.push(["show", picture.timestamp]) > 0,
      keep: () => undefined,
      done: (frame) => heard.push(["done", frame]),
      broken: () => heard.push(["broken"]),
      refused: (codec) => heard.push(["refused", codec]),
    },
    new FakeClock(),
    other,
  );
  return { heard, video };
}

/** A picture as a web view would make one. */
const picture = (timestamp: number): VideoFrame =>
  ({ timestamp, close: () => undefined, copyTo: () => Promise.resolve([]) }) as unknown as VideoFrame;

const able = (decode: OtherDecoder["decode"]): OtherDecoder => ({ supports: (codec) => codec === CODEC.h264, decode });

// Node has no VideoDecoder either, which is the case that is wanted here.
test("without a decoder in the web view, Rust decodes what it can", async () => {
  const { heard, video } = world(able((_, timestamp) => Promise.resolve(picture(timestamp))));
  video.decode(1, unit(true));
  video.decode(2, unit(false));
  await settle();
  expect(heard).toEqual([["show", 1], ["done", 1], ["show", 2], ["done", 2]]);
});

test("a codec that nobody decodes is refused, and so is everything without Rust", () => {
  const native = world(able(() => Promise.resolve(null)));
  native.video.decode(1, unit(true, CODEC.av1));
  expect(native.heard).toEqual([["refused", CODEC.av1], ["done", 1]]);
  const browser = world(null);
  browser.video.decode(1, unit(true));
  expect(browser.heard).toEqual([["refused", CODEC.h264], ["done", 1]]);
});

test("a picture that Rust cannot decode asks for a whole one", async () => {
  const { heard, video } = world(able(() => Promise.resolve(null)));
  video.decode(1, unit(true));
  await settle();
  expect(heard).toEqual([["done", 1], ["broken"]]);
});

test("pictures that come after all was forgotten are not shown", async () => {
  let give: (picture: VideoFrame | null) => void = () => undefined;
  const { heard, video } = world(able(() => new Promise((resolve) => (give = resolve))));
  video.decode(1, unit(true));
  video.clear();
  give(picture(1));
  await settle();
  expect(heard).toEqual([["done", 1]]);
});
