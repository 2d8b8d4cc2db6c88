/** One notch. */
export const NOTCH = 120;
/** Pixels that browsers scroll for a notch. */
const PIXELS_A_NOTCH = 100;
/** Lines that a notch moves. */
const LINES_A_NOTCH = 3;

/** What a wheel event says, as far as it is used here. */
export interface WheelTurn {
  deltaX: number;
  deltaY: number;
  /** 0 pixels, 1 lines, 2 pages. */
  deltaMode: number;
  /** Where a browser tells it: notches times 120, positive is up. */
  wheelDeltaX?: number;
  wheelDeltaY?: number;
}

/** Turns wheel events into 120ths of a notch, positive up and right, and keeps the fractions of smooth wheels. */
export class Wheel {
  #restX = 0;
  #restY = 0;

  turn(event: WheelTurn): { dx: number; dy: number } {
    this.#restX += units(event.deltaX, event.deltaMode, event.wheelDeltaX === undefined ? undefined : -event.wheelDeltaX);
    this.#restY -= units(event.deltaY, event.deltaMode, event.wheelDeltaY === undefined ? undefined : -event.wheelDeltaY);
    const dx = Math.trunc(this.#restX);
    const dy = Math.trunc(this.#restY);
    this.#restX -= dx;
    this.#restY -= dy;
    return { dx, dy };
  }
}

function units(delta: number, mode: number, notches: number | undefined): number {
  if (delta === 0) return 0;
  // A wheel with notches: what the device itself counted is better than pixels, which depend on settings.
  // Of a touch pad a browser makes up three for each pixel.
  if (notches !== undefined && notches !== 0 && notches % NOTCH === 0 && Math.abs(notches) !== Math.abs(delta * 3)) return notches;
  if (mode === 1) return (delta / LINES_A_NOTCH) * NOTCH;
  if (mode === 2) return delta * NOTCH * 3;
  return (delta / PIXELS_A_NOTCH) * NOTCH;
}
