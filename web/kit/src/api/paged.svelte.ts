import { told } from "./resource.svelte";

/** A list that the service hands out in pages, each with the key to the next. */
export class Paged<T> {
  /** The rows of the page shown. */
  value = $state.raw<readonly T[] | null>(null);
  problem = $state<string | null>(null);
  busy = $state(false);
  /** The page shown, from 1. */
  page = $state(1);
  hasNext = $state(false);
  readonly #read: (before: string | undefined) => Promise<{ rows: readonly T[]; next: string | null | undefined }>;
  /** `#keys[n]` opens page n + 1; the first needs none. */
  #keys: (string | undefined)[] = [undefined];
  #round = 0;

  constructor(read: (before: string | undefined) => Promise<{ rows: readonly T[]; next: string | null | undefined }>) {
    this.#read = read;
  }

  /** From the first page, such as after a change of the filters. */
  async restart(): Promise<void> {
    this.#keys = [undefined];
    await this.show(1);
  }

  /** The same page again. */
  async load(): Promise<void> {
    await this.show(this.page);
  }

  async show(page: number): Promise<void> {
    if (page < 1 || page > this.#keys.length) return;
    const round = ++this.#round;
    this.busy = true;
    try {
      const { rows, next } = await this.#read(this.#keys[page - 1]);
      if (round !== this.#round) return;
      this.value = rows;
      this.page = page;
      this.hasNext = Boolean(next);
      this.#keys = next ? [...this.#keys.slice(0, page), next] : this.#keys.slice(0, page);
      this.problem = null;
    } catch (error) {
      if (round === this.#round) this.problem = told(error);
    } finally {
      if (round === this.#round) this.busy = false;
    }
  }
}
