// A web view without a graphics device repaints the whole canvas for each picture that a worker draws on it, and only
// what changed where the page draws. So there the worker hands the changed pixels to the page.
import { overlaps, type Rect } from "./picture";
import type { Surface, View } from "./surface";

/** Renderer worker → whoever started it in the desktop console: pixels to be drawn by the page. */
export interface Paint {
  type: "paint";
  /** The whole picture's size. */
  width: number;
  height: number;
  /** x, y, w, h for each rectangle; their pixels follow one another in `pixels`. */
  rects: number[];
  pixels: ArrayBuffer;
  /** A video's picture, which lies above them. The page closes it. */
  video: { frame: VideoFrame; region: Rect } | null;
}

/** More rectangles than this at once are drawn as the whole picture. */
const MAX_RECTS = 64;

/**
 * The page's canvas, as the worker sees it. One painting is under way at a time; what changes meanwhile is collected, so
 * that a slow page shows fewer pictures and never older ones.
 */
export class PageSurface implements Surface {
  #width = 0;
  #height = 0;
  #view: View = () => null;
  #rects: Rect[] = [];
  #waiting: (() => void)[] = [];
  #video: { frame: VideoFrame; region: Rect } | null = null;
  /** What is to be called for each painting that the page has and has not answered, oldest first. */
  readonly #away: (() => void)[][] = [];
  readonly #hand: (paint: Paint, transfer: Transferable[]) => void;

  constructor(hand: (paint: Paint, transfer: Transferable[]) => void) {
    this.#hand = hand;
  }

  resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
    // Of the size before. The whole picture is put next.
    this.#rects = [];
    this.#drop();
  }

  put(view: View, rects: ArrayLike<number>, shown: () => void): void {
    this.#view = view;
    for (let i = 0; i + 3 < rects.length; i += 4) {
      const rect = { x: rects[i] ?? 0, y: rects[i + 1] ?? 0, w: rects[i + 2] ?? 0, h: rects[i + 3] ?? 0 };
      // Exact pixels win over a video's picture that came before them.
      if (this.#video && overlaps(this.#video.region, rect)) this.#send();
      this.#add(rect);
    }
    this.#waiting.push(shown);
    if (this.#away.length === 0) this.#send();
  }

  video(frame: VideoFrame, region: Rect): boolean {
    this.#drop();
    try {
      this.#video = { frame: frame.clone(), region };
    } catch {
      return false;
    }
    if (this.#away.length === 0) this.#send();
    return true;
  }

  /** The page has drawn the oldest painting. */
  painted(): void {
    for (const shown of this.#away.shift() ?? []) shown();
    if (this.#away.length === 0 && (this.#waiting.length > 0 || this.#video)) this.#send();
  }

  #drop(): void {
    this.#video?.frame.close();
    this.#video = null;
  }

  #add(rect: Rect): void {
    if (this.#rects.some((known) => contains(known, rect))) return;
    this.#rects = this.#rects.filter((known) => !contains(rect, known));
    this.#rects.push(rect);
    const area = this.#rects.reduce((sum, { w, h }) => sum + w * h, 0);
    if (this.#rects.length > MAX_RECTS || area > this.#width * this.#height) {
      this.#rects = [{ x: 0, y: 0, w: this.#width, h: this.#height }];
    }
  }

  #send(): void {
    const image = this.#rects.length > 0 ? this.#view() : null;
    const rects = image ? this.#rects.splice(0) : [];
    const pixels = image ? cut(image, rects) : new ArrayBuffer(0);
    const video = this.#video;
    this.#video = null;
    this.#away.push(this.#waiting.splice(0));
    const paint: Paint = {
      type: "paint",
      width: this.#width,
      height: this.#height,
      rects: rects.flatMap(({ x, y, w, h }) => [x, y, w, h]),
      pixels,
      video,
    };
    this.#hand(paint, video ? [pixels, video.frame] : [pixels]);
  }
}

function contains(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.w >= inner.x + inner.w &&
    outer.y + outer.h >= inner.y + inner.h
  );
}

/** The pixels of these rectangles, one after the other, row by row. */
function cut(image: ImageData, rects: readonly Rect[]): ArrayBuffer {
  const out = new Uint8ClampedArray(rects.reduce((sum, { w, h }) => sum + w * h * 4, 0));
  let at = 0;
  for (const { x, y, w, h } of rects) {
    const whole = w === image.width;
    const [rows, length] = whole ? [1, w * h * 4] : [h, w * 4];
    for (let row = 0; row < rows; row++) {
      const from = ((y + row) * image.width + x) * 4;
      out.set(image.data.subarray(from, from + length), at);
      at += length;
    }
  }
  return out.buffer;
}
