import { problemText, t } from "../i18n/strings.svelte";
import { ApiError } from "./client";

/** What to tell a person about something that went wrong. */
export function told(error: unknown): string {
  return error instanceof ApiError ? problemText(error) : t("problem.unknown");
}

/** Something read from the service: nothing yet, the thing, or why not. What was there stays while it is read again. */
export class Resource<T> {
  value = $state.raw<T | null>(null);
  problem = $state<string | null>(null);
  busy = $state(false);
  readonly #read: () => Promise<T>;
  #round = 0;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** Reads it. Of several readings that overlap only the last one counts. */
  async load(): Promise<void> {
    const round = ++this.#round;
    this.busy = true;
    try {
      const value = await this.#read();
      if (round !== this.#round) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (round === this.#round) this.problem = told(error);
    } finally {
      if (round === this.#round) this.busy = false;
    }
  }
}

/** Something that a person does and that the service may refuse. */
export class Act {
  busy = $state(false);
  problem = $state<string | null>(null);

  /** Whether it worked. A second one while the first runs does nothing. */
  async run(act: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    try {
      await act();
      return true;
    } catch (error) {
      this.problem = told(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  clear(): void {
    this.problem = null;
  }
}
