/** Whether the window fills its screen, and how that is changed. */
export interface FullScreen {
  /** Of the window that shows the session. */
  readonly on: boolean;
  /** For the window that is used now: that one, or a monitor's own. */
  toggle(view: Window): void;
}

/** The browser's. While it is on, the browser hands over the keys that it otherwise keeps, such as Alt+Tab. */
export class BrowserFullScreen implements FullScreen {
  #on = $state(false);

  constructor() {
    document.addEventListener("fullscreenchange", () => {
      this.#on = document.fullscreenElement !== null;
      const { keyboard } = navigator as Navigator & { keyboard?: { lock?(): Promise<void>; unlock?(): void } };
      if (this.#on) void keyboard?.lock?.().catch(() => undefined);
      else keyboard?.unlock?.();
    });
  }

  get on(): boolean {
    return this.#on;
  }

  toggle({ document: page }: Window): void {
    const done = page.fullscreenElement ? page.exitFullscreen() : page.documentElement.requestFullscreen({ navigationUI: "hide" });
    done.catch(() => undefined);
  }
}
