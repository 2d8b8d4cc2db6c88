import type { Clock } from "../../link/link";

/** How the technician's keys reach the customer: by their place on the keyboard, or by what they write here. */
export type KeysBy = "place" | "letter";

/** The longest text that is typed out, in characters. */
export const MAX_TYPED = 10_000;
/** So much leaves at once, and then a moment is waited, so that it can be stopped. */
const PIECE = 40;
const EVERY_MS = 40;

export type Typing = { state: "idle" } | { state: "typing"; typed: number; all: number } | { state: "stopped"; typed: number; all: number } | { state: "done"; all: number };

export interface KeyboardParts {
  text(text: string): void;
  stopText(): void;
  clock: Clock;
  storage: Pick<Storage, "getItem" | "setItem"> | null;
}

const KEPT = "farhand.keys_by";

/** What the technician chose for keys and pointer of a session, and the text that is being typed out. */
export class KeyboardState {
  by = $state<KeysBy>("place");
  /** The page holds the pointer while the picture has it, and sends how far it moves. */
  relative = $state(false);
  typing = $state.raw<Typing>({ state: "idle" });
  /** The dialog for a text to type out is open. */
  asking = $state(false);

  readonly #parts: KeyboardParts;
  #cancel: (() => void) | null = null;

  constructor(parts: KeyboardParts) {
    this.#parts = parts;
    if (parts.storage?.getItem(KEPT) === "letter") this.by = "letter";
  }

  choose(by: KeysBy): void {
    this.by = by;
    this.#parts.storage?.setItem(KEPT, by);
  }

  /** Types a text out, as keys, at the customer's. */
  type(text: string): void {
    this.stop();
    // By characters: half of one is none.
    const letters = [...text.replaceAll("\r\n", "\n")].slice(0, MAX_TYPED);
    const next = (at: number): void => {
      this.#cancel = null;
      if (at >= letters.length) {
        this.typing = { state: "done", all: letters.length };
        return;
      }
      const to = Math.min(at + PIECE, letters.length);
      this.#parts.text(letters.slice(at, to).join(""));
      this.typing = { state: "typing", typed: to, all: letters.length };
      this.#cancel = this.#parts.clock.after(EVERY_MS, () => next(to));
    };
    next(0);
  }

  /** What was not typed yet is not typed any more. */
  stop(): void {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = null;
    this.#parts.stopText();
    if (this.typing.state === "typing") this.typing = { ...this.typing, state: "stopped" };
  }

  /** Control is over. */
  over(): void {
    this.stop();
    this.relative = false;
    this.asking = false;
  }
}

/** What is looked at before a text is typed out. */
export interface Preview {
  /** Characters, line ends as one. */
  length: number;
  lines: number;
  tooLong: boolean;
  /** It ends a line, which in a command line means that it is carried out. */
  runs: boolean;
}

export function preview(text: string): Preview {
  const plain = text.replaceAll("\r\n", "\n");
  const length = [...plain].length;
  return { length, lines: plain === "" ? 0 : plain.split("\n").length, tooLong: length > MAX_TYPED, runs: plain.includes("\n") };
}
