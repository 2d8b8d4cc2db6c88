/** Where it is kept that this browser shows notifications. */
const KEPT = "farhand.notify";
/** Letters of a name from far away. */
const LONGEST = 80;

export type Standing = "absent" | "denied" | "off" | "on";

/** What of the browser is used; a test brings its own. */
export interface Surroundings {
  readonly notification: (typeof Notification & { permission: NotificationPermission }) | undefined;
  /** Somebody looks at this page. */
  looking(): boolean;
  readonly store: Pick<Storage, "getItem" | "setItem"> | null;
  /** The notification was chosen: this place is shown. */
  show(hash: string): void;
}

function plain(text: string): string {
  // Bidirectional and control characters could make a name look like words of ours.
  const line = text.replace(/[\p{Cc}\p{Cf}]/gu, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/** Notifications of this browser: for who does not look at the page when somebody comes. */
export class Notices {
  standing = $state<Standing>("absent");
  readonly #around: () => Surroundings;
  /** What was told already. */
  readonly #told = new Set<string>();

  constructor(around: () => Surroundings) {
    this.#around = around;
  }

  /** Reads what was chosen, and what the browser allows. */
  start(): void {
    const { notification, store } = this.#around();
    if (notification === undefined) this.standing = "absent";
    else if (notification.permission === "denied") this.standing = "denied";
    else this.standing = notification.permission === "granted" && store?.getItem(KEPT) === "on" ? "on" : "off";
  }

  /** The person switches them on or off; the browser may ask them. */
  async turn(on: boolean): Promise<void> {
    const { notification, store } = this.#around();
    if (notification === undefined) return;
    if (on && notification.permission !== "granted") await notification.requestPermission();
    try {
      store?.setItem(KEPT, on ? "on" : "off");
    } catch {
      // Then it counts until the page is loaded again.
    }
    this.start();
    if (on && this.standing === "off" && notification.permission === "granted") this.standing = "on";
  }

  /** Shows one, once for each `tag`, unless somebody looks at the page anyway. */
  tell(tag: string, title: string, text: string, hash: string): void {
    if (this.#told.has(tag)) return;
    this.#told.add(tag);
    const { notification: Shown, looking, show } = this.#around();
    if (this.standing !== "on" || Shown === undefined || looking()) return;
    try {
      const shown = new Shown(plain(title), { body: plain(text), tag });
      shown.onclick = () => {
        shown.close();
        show(hash);
      };
    } catch {
      // Some browsers allow them to service workers only.
    }
  }

  /** What was told can be told again: the same thing may happen anew. */
  forget(tag: string): void {
    this.#told.delete(tag);
  }
}

function browser(): Surroundings {
  return {
    notification: typeof Notification === "undefined" ? undefined : Notification,
    looking: () => document.visibilityState === "visible" && document.hasFocus(),
    store: localStorage,
    show: (hash) => {
      window.focus();
      location.hash = hash;
    },
  };
}

export const notices = new Notices(browser);
