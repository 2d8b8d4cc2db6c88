import type { Clock } from "../link/link";

/** Positions leave at most this often, which is finer than any screen shows. */
const EVERY_MS = 4;

/** Sends the newest pointer position whenever one can leave; older ones are forgotten. */
export class PointerPump {
  #newest: { x: number; y: number } | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;
  #waiting = false;
  readonly #clock: Clock;
  readonly #ready: () => boolean;
  readonly #send: (x: number, y: number) => void;

  constructor(clock: Clock, ready: () => boolean, send: (x: number, y: number) => void) {
    this.#clock = clock;
    this.#ready = ready;
    this.#send = send;
  }

  move(x: number, y: number): void {
    this.#newest = { x, y };
    if (!this.#waiting) this.#try();
  }

  /** What was not sent yet is of no use any more: a button carried its own place. */
  forget(): void {
    this.#newest = null;
  }

  #try(): void {
    this.#waiting = false;
    if (!this.#newest) return;
    const now = this.#clock.now();
    if (now - this.#sentAt >= EVERY_MS && this.#ready()) {
      const { x, y } = this.#newest;
      this.#newest = null;
      this.#sentAt = now;
      this.#send(x, y);
      return;
    }
    this.#waiting = true;
    this.#clock.after(Math.max(1, EVERY_MS - (now - this.#sentAt)), () => this.#try());
  }
}
