import type { Paint } from "../screen/painting";
import { overlaps, type Rect } from "../screen/picture";

/** Draws on the page's own canvas what the renderer worker hands over. */
export class Painter {
  #context: CanvasRenderingContext2D | null = null;
  /** Further canvases, and the parts that they show. */
  readonly #parts = new Map<number, { context: CanvasRenderingContext2D; part: Rect | null }>();

  attach(canvas: HTMLCanvasElement): void {
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  attachPart(id: number, canvas: HTMLCanvasElement): void {
    const context = canvas.getContext("2d", { alpha: false });
    if (context) this.#parts.set(id, { context, part: null });
  }

  showPart(id: number, part: Rect): void {
    const known = this.#parts.get(id);
    if (!known) return;
    known.part = part;
    const { canvas } = known.context;
    if (canvas.width !== part.w || canvas.height !== part.h) [canvas.width, canvas.height] = [part.w, part.h];
    if (this.#context) known.context.drawImage(this.#context.canvas, -part.x, -part.y);
  }

  detachPart(id: number): void {
    this.#parts.delete(id);
  }

  paint({ width, height, rects, pixels, video }: Paint): void {
    const context = this.#context;
    if (context) {
      const { canvas } = context;
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      let at = 0;
      for (let i = 0; i + 3 < rects.length; i += 4) {
        const [x = 0, y = 0, w = 0, h = 0] = rects.slice(i, i + 4);
        const image = new ImageData(new Uint8ClampedArray(pixels, at, w * h * 4), w, h);
        context.putImageData(image, x, y);
        for (const { context: further, part } of this.#parts.values()) {
          if (part && overlaps({ x, y, w, h }, part)) further.putImageData(image, x - part.x, y - part.y);
        }
        at += w * h * 4;
      }
      if (video) {
        const { frame, region } = video;
        context.drawImage(frame, 0, 0, frame.displayWidth, frame.displayHeight, region.x, region.y, region.w, region.h);
        for (const { context: further, part } of this.#parts.values()) {
          if (part) further.drawImage(frame, 0, 0, frame.displayWidth, frame.displayHeight, region.x - part.x, region.y - part.y, region.w, region.h);
        }
      }
    }
    video?.frame.close();
  }
}
