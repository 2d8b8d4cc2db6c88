/** A size in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** As large as there is room, pixel by pixel, or a percentage of that. */
export type Zoom = "fit" | "actual" | number;

/** The percentages that are offered. */
export const SCALES: readonly number[] = [50, 75, 125, 150, 200];

/** Larger than this, a small screen would only be blurred. */
const MAX_SCALE = 2;

/** CSS pixels that a pixel of the shared screen takes. */
export function scaleOf(screen: Size, room: Size, zoom: Zoom, devicePixels: number): number {
  const actual = 1 / devicePixels;
  if (typeof zoom === "number") return (actual * zoom) / 100;
  if (zoom === "actual" || screen.width === 0 || screen.height === 0) return actual;
  const fit = Math.min(room.width / screen.width, room.height / screen.height);
  return Math.max(0.01, Math.min(fit, MAX_SCALE * actual));
}

/** The next larger or smaller percentage after a scale, for a key or a wheel. */
export function nextZoom(scale: number, devicePixels: number, larger: boolean): Zoom {
  const now = Math.round(scale * devicePixels * 100);
  const steps = [...SCALES, 100].sort((a, b) => a - b);
  const next = larger ? steps.find((step) => step > now) : steps.findLast((step) => step < now);
  const zoom = next ?? (larger ? steps.at(-1) : steps[0]) ?? 100;
  return zoom === 100 ? "actual" : zoom;
}

/** The pixel of the shared screen under a place in the page; outside of it the nearest one. */
export function pixelAt(place: { x: number; y: number }, box: { left: number; top: number; width: number; height: number }, screen: Size): { x: number; y: number } {
  const along = (value: number, from: number, length: number, pixels: number): number => {
    const at = length > 0 ? Math.floor(((value - from) / length) * pixels) : 0;
    return Math.max(0, Math.min(pixels - 1, at));
  };
  return { x: along(place.x, box.left, box.width, screen.width), y: along(place.y, box.top, box.height, screen.height) };
}
