import { overlaps, type Rect } from "./picture";

/** The framebuffer as it is now, or null when there is none. What it gives is good until the next message. */
export type View = () => ImageData | null;

/** Where the picture is shown. */
export interface Surface {
  /** Takes a size; what was shown is gone. */
  resize(width: number, height: number): void;
  /** Shows rectangles of the framebuffer: x, y, w, h for each. `shown` is called when they are, at once or later. */
  put(view: View, rects: ArrayLike<number>, shown: () => void): void;
  /** Shows a video's picture, and leaves it open. False when only the framebuffer can be shown. */
  video(frame: VideoFrame, region: Rect): boolean;
}

/** A canvas that belongs to the worker and shows a part of the picture. */
export class PartSurface implements Surface {
  readonly #context: OffscreenCanvasRenderingContext2D | null;
  #part: Rect | null = null;

  constructor(canvas: OffscreenCanvas) {
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
  }

  /** Shows this part from now on, which has to be put then. */
  show(part: Rect): void {
    this.#part = part;
    const canvas = this.#context?.canvas;
    if (!canvas || (canvas.width === part.w && canvas.height === part.h)) return;
    canvas.width = part.w;
    canvas.height = part.h;
  }

  resize(): void {
    // The page says which part it is of a picture of another size.
  }

  put(view: View, rects: ArrayLike<number>, shown: () => void): void {
    const [context, part] = [this.#context, this.#part];
    const image = context && part && rects.length > 0 ? view() : null;
    if (context && part && image) {
      for (let i = 0; i + 3 < rects.length; i += 4) {
        const rect = { x: rects[i] ?? 0, y: rects[i + 1] ?? 0, w: rects[i + 2] ?? 0, h: rects[i + 3] ?? 0 };
        // What lies outside of the canvas is left out by itself.
        if (overlaps(rect, part)) context.putImageData(image, -part.x, -part.y, rect.x, rect.y, rect.w, rect.h);
      }
    }
    shown();
  }

  video(frame: VideoFrame, { x, y, w, h }: Rect): boolean {
    const part = this.#part;
    if (part) this.#context?.drawImage(frame, 0, 0, frame.displayWidth, frame.displayHeight, x - part.x, y - part.y, w, h);
    return true;
  }
}

/** A canvas that belongs to the worker. The browser shows it by itself. */
export class CanvasSurface implements Surface {
  readonly #context: OffscreenCanvasRenderingContext2D | null;

  constructor(canvas: OffscreenCanvas) {
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
  }

  resize(width: number, height: number): void {
    const canvas = this.#context?.canvas;
    if (!canvas || (canvas.width === width && canvas.height === height)) return;
    canvas.width = width;
    canvas.height = height;
  }

  put(view: View, rects: ArrayLike<number>, shown: () => void): void {
    const image = rects.length > 0 ? view() : null;
    if (image) {
      for (let i = 0; i + 3 < rects.length; i += 4) {
        this.#context?.putImageData(image, 0, 0, rects[i] ?? 0, rects[i + 1] ?? 0, rects[i + 2] ?? 0, rects[i + 3] ?? 0);
      }
    }
    shown();
  }

  video(frame: VideoFrame, { x, y, w, h }: Rect): boolean {
    // The display size is the picture; the coded size has the codec's padding.
    this.#context?.drawImage(frame, 0, 0, frame.displayWidth, frame.displayHeight, x, y, w, h);
    return true;
  }
}
