/** Adds up how far the pointer moved while the page holds it, and keeps the fractions of pixels. */
export class RelativeMoves {
  #restX = 0;
  #restY = 0;

  /** Whole pixels to send; null when there are none yet. */
  move(dx: number, dy: number): { dx: number; dy: number } | null {
    this.#restX += dx;
    this.#restY += dy;
    const [x, y] = [Math.trunc(this.#restX), Math.trunc(this.#restY)];
    if (x === 0 && y === 0) return null;
    this.#restX -= x;
    this.#restY -= y;
    return { dx: x, dy: y };
  }

  /** The page does not hold it any more. */
  forget(): void {
    this.#restX = 0;
    this.#restY = 0;
  }
}
