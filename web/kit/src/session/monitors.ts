import type { Area, Monitor, Monitors } from "../types";

/** A part of the picture, in its own pixels. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Where a monitor is in a picture that shows `area` of the desktop; null when nothing of it is in there. */
export function partOf(monitor: Area, area: Area): Part | null {
  const along = (from: number, length: number, start: number, all: number): [number, number] => {
    const begin = Math.max(from, start);
    return [begin - start, Math.min(from + length, start + all) - begin];
  };
  const [x, width] = along(monitor.x, monitor.width, area.x, area.width);
  const [y, height] = along(monitor.y, monitor.height, area.y, area.height);
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** The smallest part around several; null around none. */
export function around(parts: readonly Part[]): Part | null {
  if (parts.length === 0) return null;
  const x = Math.min(...parts.map((part) => part.x));
  const y = Math.min(...parts.map((part) => part.y));
  const right = Math.max(...parts.map((part) => part.x + part.width));
  const bottom = Math.max(...parts.map((part) => part.y + part.height));
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * What the main window shows of the picture when some monitors have windows of their own: the rest. All of it while none
 * has, and while every monitor has.
 */
export function restOf(monitors: Monitors, away: ReadonlySet<number>, picture: { width: number; height: number }): Part {
  const all = { x: 0, y: 0, ...picture };
  if (away.size === 0 || monitors.choice.show !== "all") return all;
  const rest = monitors.list.filter((monitor) => !away.has(monitor.id)).map((monitor) => partOf(monitor.area, monitors.area));
  const part = around(rest.filter((one) => one !== null));
  // The picture may still have the size that it had before.
  return part && part.x + part.width <= picture.width && part.y + part.height <= picture.height ? part : all;
}

/** What people call a monitor: its number from the left, and its size. */
export function sizeOf({ area, scale }: Monitor): string {
  const size = `${area.width} × ${area.height}`;
  return scale === 100 ? size : `${size}, ${scale} %`;
}
