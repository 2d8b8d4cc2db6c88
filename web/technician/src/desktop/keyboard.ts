import { desktop } from "@kit/desktop/bindings";

/**
 * Asks for the whole keyboard while keys go to the customer and this window has the focus: the desktop would otherwise
 * take Alt+Tab and its like for itself. Given back at once when either ends.
 */
export class KeyboardHolder {
  #capturing = false;
  #held = false;

  constructor() {
    addEventListener("focus", () => this.#settle());
    addEventListener("blur", () => this.#settle());
  }

  capturing(on: boolean): void {
    this.#capturing = on;
    this.#settle();
  }

  #settle(): void {
    const hold = this.#capturing && document.hasFocus();
    if (hold === this.#held) return;
    this.#held = hold;
    desktop.holdKeyboard({ hold }).catch(() => undefined);
  }
}
