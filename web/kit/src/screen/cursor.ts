import type { Cursor } from "../types";
import type { CursorShape } from "./messages";

/** Browsers show no larger pointer. */
const MAX_SIDE = 128;

/** Makes a picture of the customer's pointer that a style sheet can name. */
export async function cursorShape(cursor: Cursor): Promise<CursorShape> {
  const { width, height, hot_x: hotX, hot_y: hotY } = cursor;
  const fits = width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE && cursor.rgba.length === width * height * 4;
  if (!fits) return { url: null, hotX: 0, hotY: 0, width: 0, height: 0 };
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(new Uint8ClampedArray(cursor.rgba), width, height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const url = `data:image/png;base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
  return { url, hotX: Math.min(hotX, width - 1), hotY: Math.min(hotY, height - 1), width, height };
}
