import { t } from "@kit/i18n/strings.svelte";
import type { Session } from "@kit/session/session.svelte";
import { toasts } from "@kit/ui/toasts.svelte";
import { mount, unmount } from "svelte";
import MonitorView from "./MonitorView.svelte";

/** What is open in a window of its own, and how it is closed. */
interface Open {
  window: Window;
  end: () => void;
}

/**
 * Monitors that have a window of their own. Each shows a part of the one picture of all monitors: nothing is captured,
 * sealed, sent or decoded a second time, and a key in any of them takes the same way.
 */
export class MonitorWindows {
  #ids = $state.raw<ReadonlySet<number>>(new Set());
  readonly #open = new Map<number, Open>();
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  get ids(): ReadonlySet<number> {
    return this.#ids;
  }

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  toggle(id: number, number: number): void {
    if (this.has(id)) this.close(id);
    else this.open(id, number);
  }

  /** Must be called by a click: browsers open no window otherwise. */
  open(id: number, number: number): void {
    const monitor = this.#session.known.monitors?.list.find((one) => one.id === id);
    if (!monitor || this.has(id)) return;
    const { width, height } = monitor.area;
    const scale = Math.min(1, (screen.availWidth * 0.8) / width, (screen.availHeight * 0.8) / height);
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    // The desktop console is told the size by the address.
    const view = window.open(`about:blank#${w}x${h}`, `farhand-monitor-${id}`, `popup,width=${w},height=${h}`);
    if (!view) {
      toasts.show("warn", t("monitors.blocked"));
      return;
    }
    // All of it is one picture; each window shows its part.
    this.#session.showMonitor({ show: "all" });
    const { document: page } = view;
    page.title = t("monitors.window", { number });
    page.documentElement.lang = document.documentElement.lang;
    page.documentElement.className = document.documentElement.className;
    for (const [name, value] of Object.entries(document.documentElement.dataset)) page.documentElement.dataset[name] = value;
    page.head.replaceChildren(page.head.querySelector("title") ?? "");
    for (const sheet of document.querySelectorAll('link[rel="stylesheet"], style')) page.head.append(page.importNode(sheet, true));
    page.body.replaceChildren();
    page.body.style.margin = "0";
    const shown = mount(MonitorView, { target: page.body, props: { session: this.#session, id, view } });
    const end = (): void => {
      view.removeEventListener("pagehide", gone);
      void unmount(shown);
      this.#open.delete(id);
      this.#ids = new Set(this.#open.keys());
    };
    const gone = (): void => end();
    view.addEventListener("pagehide", gone);
    this.#open.set(id, { window: view, end });
    this.#ids = new Set(this.#open.keys());
    view.focus();
  }

  close(id: number): void {
    const open = this.#open.get(id);
    if (!open) return;
    open.end();
    open.window.close();
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }
}

const all = new WeakMap<Session, MonitorWindows>();

/** Those of a session. */
export function monitorWindows(session: Session): MonitorWindows {
  let windows = all.get(session);
  if (!windows) {
    windows = new MonitorWindows(session);
    all.set(session, windows);
  }
  return windows;
}
