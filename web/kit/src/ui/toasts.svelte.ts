export interface Toast {
  id: number;
  tone: "info" | "good" | "warn";
  text: string;
}

const STAYS_MS = 6_000;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 1;

  show(tone: Toast["tone"], text: string): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { id, tone, text }];
    setTimeout(() => this.dismiss(id), STAYS_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
