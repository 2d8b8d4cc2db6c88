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

/** The canvas and its view of the decoder's framebuffer. Draws on arrival; the browser shows the canvas by itself. */
export class Picture {
  #context: OffscreenCanvasRenderingContext2D | null = null;
  #image: ImageData | null = null;
  #pointer = 0;
  readonly #framebuffer: Framebuffer;
  readonly #memory: WebAssembly.Memory;

  constructor(framebuffer: Framebuffer, memory: WebAssembly.Memory) {
    this.#framebuffer = framebuffer;
    this.#memory = memory;
  }

  attach(canvas: OffscreenCanvas): void {
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.resize();
  }

  /** Takes the framebuffer's size and draws all of it. */
  resize(): void {
    const context = this.#context;
    const width = this.#framebuffer.width();
    const height = this.#framebuffer.height();
    if (!context || width === 0 || height === 0) return;
    if (context.canvas.width !== width || context.canvas.height !== height) {
      context.canvas.width = width;
      context.canvas.height = height;
    }
    this.#image = null;
    this.draw({ x: 0, y: 0, w: width, h: height });
  }

  /** `rects` is x, y, w, h for each rectangle that changed. */
  drawAll(rects: Uint32Array): void {
    const image = this.#view();
    const context = this.#context;
    if (!image || !context) return;
    for (let i = 0; i + 3 < rects.length; i += 4) {
      context.putImageData(image, 0, 0, rects[i] ?? 0, rects[i + 1] ?? 0, rects[i + 2] ?? 0, rects[i + 3] ?? 0);
    }
  }

  draw({ x, y, w, h }: Rect): void {
    const image = this.#view();
    if (image) this.#context?.putImageData(image, 0, 0, x, y, w, h);
  }

  drawVideo(frame: VideoFrame, { x, y, w, h }: Rect): void {
    // The display size is the picture; the coded size has the codec's padding.
    this.#context?.drawImage(frame, 0, 0, frame.displayWidth, frame.displayHeight, x, y, w, h);
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
