import { api, ApiError, onRefusal, UNREACHABLE } from "@kit/api/client";
import type { User } from "@kit/api/model";
import { drawSecret, sealKeeper } from "@kit/session/seal";
import type { ServiceInfo, SessionCreated } from "@kit/types";
import { hrefOf, routeOf, type Place, type Route } from "./router";

export type Identity = { state: "loading" } | { state: "nobody" } | { state: "user"; user: User } | { state: "unreachable" };

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
    const follow = (): void => {
      this.route = routeOf(location.pathname, location.hash.slice(1));
    };
    addEventListener("hashchange", follow);
    // The desktop may have named a place before the pages were there.
    follow();
    onRefusal((error) => {
      if (error.code === "sign_in_needed" && this.identity.state === "user") this.signedOut();
      if (error.code === "method_needed") void this.#readMe();
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

  /** Who is signed in says something new of themselves, or the service does. */
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

  /** Another place; filters replace, so that "back" leaves the page and not the last letter typed. */
  go(place: Place, id: string | null = null): void {
    location.hash = hrefOf(place, id);
  }

  filter(filters: Readonly<Record<string, string | undefined>>): void {
    if (this.route.page !== "place") return;
    const href = hrefOf(this.route.place, this.route.id, { ...this.route.filters, ...filters });
    history.replaceState(history.state, "", href);
    this.route = routeOf(location.pathname, href.slice(1));
  }

  async createSession(demo: boolean): Promise<void> {
    const secret = drawSecret();
    // The demo computer has nobody to whom the last four digits could be read out; no other session's are ever sent.
    const created = told(await api.createSession(demo ? { demo, demo_digits: secret.digits } : { demo }));
    sealKeeper(created.session.id, localStorage, secret);
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
    const open = sessions.map(told);
    for (const session of open) this.#remember(session);
    this.open = open;
  }

  async #readMe(): Promise<void> {
    try {
      this.signedIn(await api.me());
    } catch {
      // The refusal that led here is shown where it happened.
    }
  }

  #remember(created: SessionCreated): void {
    this.created = new Map(this.created).set(created.session.id, created);
  }
}

/** What is not there is left out, and never null, as the API's document would have it. */
function told(created: Awaited<ReturnType<typeof api.createSession>>): SessionCreated {
  return created as SessionCreated;
}

export const app = new App();
