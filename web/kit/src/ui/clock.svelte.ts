/** A clock that components read; it ticks only while somebody looks. */
class Ticker {
  now = $state(Date.now());
  #watchers = 0;
  #timer = 0;

  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) {
      this.now = Date.now();
      this.#timer = window.setInterval(() => {
        this.now = Date.now();
      }, 500);
    }
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) window.clearInterval(this.#timer);
    };
  }
}

export const ticker = new Ticker();

/** `4:05` */
export function minutes(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
