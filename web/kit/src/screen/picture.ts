import type { PartSurface, Surface } from "./surface";

/** What {@link Picture} needs of the wasm decoder. */
export interface Framebuffer {
  width(): number;
  height(): number;
  framebufferPtr(): number;
  framebufferLen(): number;
}

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/** The surface and what it shows: the decoder's framebuffer. Draws on arrival. */
export class Picture {
  #surface: Surface | null = null;
  /** Further places that show parts of it. */
  readonly #parts = new Map<number, PartSurface>();
  #image: ImageData | null = null;
  #pointer = 0;
  readonly #framebuffer: Framebuffer;
  readonly #memory: WebAssembly.Memory;

  constructor(framebuffer: Framebuffer, memory: WebAssembly.Memory) {
    this.#framebuffer = framebuffer;
    this.#memory = memory;
  }

  attach(surface: Surface): void {
    this.#surface = surface;
    this.resize();
  }

  /** A further place, that shows a part from now on. */
  show(id: number, surface: PartSurface, part: Rect): void {
    this.#parts.set(id, surface);
    surface.show(part);
    surface.put(() => this.#view(), [part.x, part.y, part.w, part.h], () => undefined);
  }

  /** No more there. */
  hide(id: number): void {
    this.#parts.delete(id);
  }

  /** Takes the framebuffer's size and draws all of it. */
  resize(): void {
    const width = this.#framebuffer.width();
    const height = this.#framebuffer.height();
    if (width === 0 || height === 0) return;
    this.#image = null;
    this.#surface?.resize(width, height);
    this.draw({ x: 0, y: 0, w: width, h: height });
  }

  /** `rects` is x, y, w, h for each rectangle that changed. `shown` is called when they can be seen, at once or later. */
  drawAll(rects: ArrayLike<number>, shown: () => void = () => undefined): void {
    const nothing = (): void => undefined;
    for (const part of this.#parts.values()) part.put(() => this.#view(), rects, nothing);
    if (this.#surface) this.#surface.put(() => this.#view(), rects, shown);
    else shown();
  }

  draw({ x, y, w, h }: Rect): void {
    this.drawAll([x, y, w, h]);
  }

  /** Draws a video's picture. False when only the framebuffer can be drawn. */
  drawVideo(frame: VideoFrame, region: Rect): boolean {
    for (const part of this.#parts.values()) part.video(frame, region);
    return this.#surface === null || this.#surface.video(frame, region);
  }

  /** The framebuffer's own bytes, for reading. */
  pixels(): Uint8ClampedArray | null {
    return this.#view()?.data ?? null;
  }

  #view(): ImageData | null {
    const pointer = this.#framebuffer.framebufferPtr();
    // A grown memory has a new buffer; the old view is of no use then.
    if (this.#image && this.#pointer === pointer && this.#image.data.buffer === this.#memory.buffer) return this.#image;
    const width = this.#framebuffer.width();
    const height = this.#framebuffer.height();
    if (width === 0 || height === 0 || this.#framebuffer.framebufferLen() !== width * height * 4) return null;
    this.#pointer = pointer;
    this.#image = new ImageData(
      new Uint8ClampedArray(this.#memory.buffer as ArrayBuffer, pointer, width * height * 4),
      width,
      height,
    );
    return this.#image;
  }
}
