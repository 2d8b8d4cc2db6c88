import type { Clock } from "../link/link";

/**
 * A lost acknowledgement must not stop the stream: the newest is said again, ever more rarely, until news comes. Not so
 * soon that whoever watches somebody type says everything twice.
 */
const REPEAT_MS = [150, 200, 400, 800] as const;
/** A picture that cannot go on asks for a whole one, and ever more rarely again while none comes. */
const RESET_MS = [300, 600, 1_200, 2_400] as const;

/** Says which frames are drawn, and asks for a whole frame when the picture cannot go on. */
export class Acks {
  #drawn: { frame: number; drawUs: number } | null = null;
  #repeats = 0;
  #cancelRepeat: () => void = () => {};
  #resetAt = Number.NEGATIVE_INFINITY;
  #resets = 0;
  #cancelReset: () => void = () => {};
  readonly #clock: Clock;
  readonly #send: { drawn(frame: number, drawUs: number): void; reset(): void };

  constructor(clock: Clock, send: { drawn(frame: number, drawUs: number): void; reset(): void }) {
    this.#clock = clock;
    this.#send = send;
  }

  drawn(frame: number, drawUs: number): void {
    this.#drawn = { frame, drawUs };
    this.#send.drawn(frame, drawUs);
    this.#repeats = 0;
    this.#repeatLater();
  }

  /** Asks for a whole frame now, or as soon as the last request is old enough; again until {@link whole}. */
  reset(): void {
    const wait = this.#resetAt + RESET_MS[0] - this.#clock.now();
    this.#resets = 0;
    this.#cancelReset();
    if (wait > 0) this.#cancelReset = this.#clock.after(wait, () => this.#resetNow());
    else this.#resetNow();
  }

  /** A whole frame is on its way, if all goes well: asks for one only when none comes. */
  expect(): void {
    this.#resets = 0;
    this.#cancelReset();
    this.#cancelReset = this.#clock.after(RESET_MS[0], () => this.#resetNow());
  }

  /** A whole frame came. */
  whole(): void {
    this.#cancelReset();
    this.#cancelReset = () => {};
  }

  /** Nothing carries an acknowledgement now. */
  stop(): void {
    this.whole();
    this.#cancelRepeat();
    this.#resetAt = Number.NEGATIVE_INFINITY;
    this.#drawn = null;
  }

  #resetNow(): void {
    this.#resetAt = this.#clock.now();
    this.#cancelReset();
    const wait = RESET_MS[this.#resets++];
    if (wait !== undefined) this.#cancelReset = this.#clock.after(wait, () => this.#resetNow());
    this.#send.reset();
  }

  #repeatLater(): void {
    this.#cancelRepeat();
    const wait = REPEAT_MS[this.#repeats];
    if (wait === undefined) return;
    this.#cancelRepeat = this.#clock.after(wait, () => {
      if (!this.#drawn) return;
      this.#repeats += 1;
      this.#send.drawn(this.#drawn.frame, this.#drawn.drawUs);
      this.#repeatLater();
    });
  }
}
