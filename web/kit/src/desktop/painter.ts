import type { Paint } from "../screen/painting";

/** Draws on the page's own canvas what the renderer worker hands over. */
export class Painter {
  #context: CanvasRenderingContext2D | null = null;

  attach(canvas: HTMLCanvasElement): void {
    this.#context = canvas.getContext("2d", { alpha: false });
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
        context.putImageData(new ImageData(new Uint8ClampedArray(pixels, at, w * h * 4), w, h), x, y);
        at += w * h * 4;
      }
      if (video) {
        const { frame, region } = video;
        context.drawImage(frame, 0, 0, frame.displayWidth, frame.displayHeight, region.x, region.y, region.w, region.h);
      }
    }
    video?.frame.close();
  }
}
