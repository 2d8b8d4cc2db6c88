import { desktop } from "@kit/desktop/bindings";

/**
 * Asks for the whole keyboard while keys go to the customer and this window has the focus: the desktop would otherwise
 * take Alt+Tab and its like for itself. Given back at once when either ends.
 */
export class KeyboardHolder {
  /** Whose keys go to the customer: the session's window, or those of single monitors. */
  readonly #capturing = new Set<Window>();
  #held = false;
  readonly #settled = (): void => this.#settle();

  constructor() {
    addEventListener("focus", this.#settled);
    addEventListener("blur", this.#settled);
  }

  capturing(on: boolean, view: Window): void {
    if (on) this.#capturing.add(view);
    else this.#capturing.delete(view);
    // The same listener counts once, however often it is added.
    if (view !== window) for (const name of ["focus", "blur"]) view.addEventListener(name, this.#settled);
    this.#settle();
  }

  #settle(): void {
    const hold = [...this.#capturing].some((view) => !view.closed && view.document.hasFocus());
    if (hold === this.#held) return;
    this.#held = hold;
    desktop.holdKeyboard({ hold }).catch(() => undefined);
  }
}
