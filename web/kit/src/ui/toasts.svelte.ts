export interface Toast {
  id: number;
  tone: "info" | "good" | "warn";
  text: string;
  /** A way back, while it is shown. */
  undo?: () => void;
}

const STAYS_MS = 6_000;
/** Long enough to notice a mistake, read, and reach the button by keyboard. */
const UNDO_MS = 15_000;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 1;
  #timers = new Map<number, number>();

  show(tone: Toast["tone"], text: string, undo?: () => void): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { id, tone, text, ...(undo ? { undo } : {}) }];
    this.#leave(id, undo ? UNDO_MS : STAYS_MS);
  }

  dismiss(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  undo(toast: Toast): void {
    this.dismiss(toast.id);
    toast.undo?.();
  }

  /** Nothing vanishes from under the pointer or the focus. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
  }

  release(toast: Toast): void {
    if (this.list.includes(toast)) this.#leave(toast.id, toast.undo ? UNDO_MS : STAYS_MS);
  }

  #leave(id: number, after: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      window.setTimeout(() => this.dismiss(id), after),
    );
  }
}

export const toasts = new Toasts();
