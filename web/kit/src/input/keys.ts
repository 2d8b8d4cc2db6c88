/** What a key event says, as far as it is used here. */
export interface KeyEvent {
  code: string;
  repeat: boolean;
  timeStamp: number;
}

export interface KeySink {
  key(code: string, down: boolean): void;
  releaseAll(): void;
  /** The chord was pressed: the keys are the technician's own again. */
  leave(): void;
}

/** Windows reports AltGr as these two in one moment; the first was never pressed. */
const ALTGR_MS = 2;
/** While Command is held, macOS keeps the release of other keys to itself. */
const META = new Set(["MetaLeft", "MetaRight"]);
const MODIFIERS = new Set(["ShiftLeft", "ShiftRight", "ControlLeft", "ControlRight", "AltLeft", "AltRight", "MetaLeft", "MetaRight"]);

function pressed(held: ReadonlySet<string>, name: "Control" | "Alt" | "Shift"): boolean {
  return held.has(`${name}Left`) || held.has(`${name}Right`);
}

/**
 * The technician's physical keys, in the customer's direction: positions and not letters, so that the customer's layout
 * decides. Knows which keys are down, and the chord Ctrl+Alt+Shift that takes the keyboard back.
 */
export class Keys {
  readonly #held = new Set<string>();
  readonly #sink: KeySink;
  readonly #mac: boolean;
  #controlAt = Number.NEGATIVE_INFINITY;

  constructor(sink: KeySink, mac: boolean) {
    this.#sink = sink;
    this.#mac = mac;
  }

  down(event: KeyEvent): void {
    const { code } = event;
    // The customer's system repeats held keys by itself.
    if (code === "" || event.repeat || this.#held.has(code)) return;
    if (code === "ControlLeft") this.#controlAt = event.timeStamp;
    if (code === "AltRight" && this.#held.has("ControlLeft") && event.timeStamp - this.#controlAt <= ALTGR_MS) this.up("ControlLeft");
    this.#held.add(code);
    this.#sink.key(code, true);
    if (pressed(this.#held, "Control") && pressed(this.#held, "Alt") && pressed(this.#held, "Shift")) {
      this.release();
      this.#sink.leave();
    }
  }

  up(code: string): void {
    if (!this.#held.delete(code)) return;
    this.#sink.key(code, false);
    if (this.#mac && META.has(code)) for (const other of [...this.#held]) if (!MODIFIERS.has(other)) this.up(other);
  }

  /** Whether it is down at the customer's. */
  holds(code: string): boolean {
    return this.#held.has(code);
  }

  /** Focus is gone, or control is: nothing stays down on the customer's side. */
  release(): void {
    this.#held.clear();
    this.#sink.releaseAll();
  }
}
