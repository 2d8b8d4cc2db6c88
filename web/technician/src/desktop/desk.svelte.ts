import { desktop, type Event as DesktopEvent, type Failure, type ServerSeen, type Settings, type Status, type UpdateState } from "@kit/desktop/bindings";
import { drops } from "@kit/desktop/files";
import { toasts } from "@kit/ui/toasts.svelte";
import { app } from "../app.svelte";
import { chime } from "./chime";

export type Panel = "none" | "settings" | "log";

export function failureOf(error: unknown): Failure {
  if (typeof error === "object" && error !== null && "code" in error && "message" in error) {
    return { code: String(error.code), message: String(error.message) };
  }
  return { code: "unknown", message: String(error) };
}

/** What the desktop console knows beside what the pages know. */
class Desk {
  /** Null until Rust has answered. */
  status = $state.raw<Status | null>(null);
  panel = $state<Panel>("none");
  /** Sessions that are open in this window, in the order of their tabs. */
  tabs = $state.raw<readonly string[]>([]);
  /** The service showed another certificate than the trusted one. */
  certificateChanged = $state(false);
  update = $state.raw<UpdateState | null>(null);
  /** This window fills its screen. */
  fullScreen = $state(false);
  /** This window shows one session and nothing else. */
  readonly single = location.search === "?own";

  async start(): Promise<void> {
    await desktop.listen((event) => this.#heard(event));
    this.status = await desktop.status();
    if (!this.single && this.status.updates && this.status.settings.look_for_updates) void this.checkUpdate().catch(() => undefined);
  }

  /** Asks what answers at an address; the person decides on it. */
  look(address: string): Promise<ServerSeen> {
    return desktop.lookAtServer({ address });
  }

  async trust(seen: ServerSeen): Promise<void> {
    this.status = await desktop.trustServer({ address: seen.address, fingerprint: seen.fingerprint });
    this.certificateChanged = false;
    app.info = null;
  }

  async forgetServer(): Promise<void> {
    this.status = await desktop.forgetServer();
    this.tabs = [];
    this.panel = "none";
    this.certificateChanged = false;
    app.signedOut();
    app.home();
  }

  async unlock(passphrase: string): Promise<void> {
    this.status = await desktop.unlock({ passphrase });
  }

  async keep(keeping: Status["keeping"], passphrase: string | null): Promise<void> {
    this.status = await desktop.keepSignIn({ keeping, passphrase });
  }

  async put(settings: Settings): Promise<void> {
    this.status = await desktop.putSettings(settings);
  }

  async checkUpdate(): Promise<UpdateState> {
    this.update = await desktop.checkUpdate();
    return this.update;
  }

  /** A session is shown: it has a tab from now on. */
  shown(session: string): void {
    if (!this.tabs.includes(session)) this.tabs = [...this.tabs, session];
  }

  /** Leaves a session without ending it. */
  closeTab(session: string): void {
    const at = this.tabs.indexOf(session);
    this.tabs = this.tabs.filter((open) => open !== session);
    if (app.route.page !== "session" || app.route.id !== session) return;
    const next = this.tabs[Math.min(at, this.tabs.length - 1)];
    if (next === undefined) app.home();
    else this.show(next);
  }

  show(session: string): void {
    this.panel = "none";
    location.hash = new URLSearchParams({ session }).toString();
  }

  /** Moves a session into a window of its own. */
  async tearOff(session: string): Promise<void> {
    this.closeTab(session);
    try {
      await desktop.tearOff({ session });
    } catch (error) {
      toasts.show("warn", failureOf(error).message);
      this.show(session);
    }
  }

  #heard(event: DesktopEvent): void {
    switch (event.type) {
      case "status": {
        // A keyring that was unlocked late may hold the sign-in.
        const late = event.status.keyring && this.status?.keyring === false && app.identity.state === "nobody";
        this.status = event.status;
        if (late) void app.identify();
        return;
      }
      case "show_session":
        if (!this.single) this.show(event.session);
        return;
      case "menu":
        return this.#menu(event.action);
      case "full_screen":
        this.fullScreen = event.full;
        return;
      case "files_over":
        return drops.over(event.over);
      case "files_dropped":
        return drops.dropped(event.drop);
      case "customer_came":
        if (!this.single && this.status?.settings.sounds) chime();
        return;
    }
  }

  #menu(action: Extract<DesktopEvent, { type: "menu" }>["action"]): void {
    const current = app.route.page === "session" ? app.route.id : null;
    switch (action) {
      case "new_session":
        if (app.identity.state === "user") void app.createSession(false).catch(() => undefined);
        return;
      case "settings":
        this.panel = "settings";
        return;
      case "log":
        this.panel = "log";
        return;
      case "home":
        this.panel = "none";
        return app.home();
      case "tear_off":
        if (current && !this.single) void this.tearOff(current);
        return;
      case "close_tab":
        if (current && !this.single) this.closeTab(current);
        return;
      case "full_screen":
        // The window does it by itself.
        return;
    }
  }
}

export const desk = new Desk();
