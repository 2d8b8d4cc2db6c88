import { api, ApiError, UNREACHABLE } from "@kit/api/client";
import type { ServiceInfo, SessionCreated, User } from "@kit/types";

export type Route = { page: "home" } | { page: "session"; id: string } | { page: "setup"; token: string };
export type Identity = { state: "loading" } | { state: "nobody" } | { state: "user"; user: User } | { state: "unreachable" };

/** The service serves few paths, so the page's own places are in the fragment. */
function routeOf(path: string, fragment: string): Route {
  if (path.replace(/\/+$/, "").endsWith("/setup")) return { page: "setup", token: fragment };
  const id = new URLSearchParams(fragment).get("session");
  return id ? { page: "session", id } : { page: "home" };
}

/** What the console knows beside its session. */
class App {
  route = $state.raw<Route>(routeOf(location.pathname, location.hash.slice(1)));
  identity = $state.raw<Identity>({ state: "loading" });
  info = $state.raw<ServiceInfo | null>(null);
  /** Codes and links of sessions, by the session's identifier. */
  created = $state.raw<ReadonlyMap<string, SessionCreated>>(new Map());
  /** Null until the list was read once. */
  open = $state.raw<readonly SessionCreated[] | null>(null);

  /** Sessions that this page started with the demo computer. */
  readonly #demo = new Set<string>();

  async start(): Promise<void> {
    addEventListener("hashchange", () => {
      this.route = routeOf(location.pathname, location.hash.slice(1));
    });
    await this.identify();
  }

  async identify(): Promise<void> {
    this.identity = { state: "loading" };
    try {
      this.info ??= await api.service();
      this.identity = { state: "user", user: await api.me() };
    } catch (error) {
      const unreachable = error instanceof ApiError && error.code === UNREACHABLE;
      this.identity = unreachable ? { state: "unreachable" } : { state: "nobody" };
    }
  }

  signedIn(user: User): void {
    this.identity = { state: "user", user };
  }

  /** The sign-in is no longer good. */
  signedOut(): void {
    this.identity = { state: "nobody" };
    this.open = null;
    this.created = new Map();
  }

  async signOut(): Promise<void> {
    try {
      await api.signOut();
    } finally {
      this.signedOut();
      this.home();
    }
  }

  home(): void {
    location.hash = "";
  }

  async createSession(demo: boolean): Promise<void> {
    const created = await api.createSession({ demo });
    if (demo) this.#demo.add(created.session.id);
    this.#remember(created);
    location.hash = new URLSearchParams({ session: created.session.id }).toString();
  }

  /** Another session of the same kind as this one. */
  async again(id: string): Promise<void> {
    await this.createSession(this.#demo.has(id) && this.info?.demo === true);
  }

  async readSessions(): Promise<void> {
    const { sessions } = await api.sessions();
    for (const session of sessions) this.#remember(session);
    this.open = sessions;
  }

  #remember(created: SessionCreated): void {
    this.created = new Map(this.created).set(created.session.id, created);
  }
}

export const app = new App();
