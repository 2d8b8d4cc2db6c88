/** What a session's page tells of itself to whoever shows a tab for it. */
export interface Told {
  name: string;
  /** Nothing of it goes on. */
  over: boolean;
  /** Nobody has come yet. */
  waiting: boolean;
  /** Unread messages of its chat. */
  unread: number;
  /** Ends the session; of a colleague, leaves it. */
  end(): void;
}

export interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Under which the tabs are kept over a reload of the page. */
const KEPT = "farhand.tabs";
/** Kept tabs, at most: as many sessions as a technician may have. */
const MOST = 20;

/** Sessions that are open in this page. Each of them goes on while another one is looked at. */
export class OpenTabs {
  /** In the order of their tabs. */
  list = $state.raw<readonly string[]>([]);
  /** The one that is looked at. */
  current = $state<string | null>(null);
  /** What each page told last. */
  told = $state.raw<Readonly<Record<string, Told>>>({});
  /** Something new beside the chat, since the tab was looked at. */
  marked = $state.raw<ReadonlySet<string>>(new Set());
  /** The tab that the person is asked about before it is closed. */
  asked = $state<string | null>(null);

  readonly #store: () => Store | null;

  constructor(store: () => Store | null) {
    this.#store = store;
  }

  /** After a reload: those that were open. */
  restore(): void {
    try {
      const kept: unknown = JSON.parse(this.#store()?.getItem(KEPT) ?? "[]");
      const ids = Array.isArray(kept) ? kept.filter((id): id is string => typeof id === "string") : [];
      this.list = [...new Set(ids)].slice(0, MOST);
    } catch {
      // Somebody else's words are no tabs.
    }
  }

  /** Of the restored ones those stay that there still are. */
  keep(known: ReadonlySet<string>): void {
    this.#put(this.list.filter((id) => known.has(id) || id === this.current));
  }

  /** This session is looked at now, or none. What is over and was looked at leaves its place. */
  turn(to: string | null): void {
    const from = this.current;
    if (from === to) return;
    this.current = to;
    let list = this.list;
    if (from !== null && this.told[from]?.over === true) list = list.filter((id) => id !== from);
    if (to !== null && !list.includes(to)) list = [...list, to];
    this.#put(list);
    if (to !== null) this.#unmark(to);
  }

  /** The same where somebody else keeps the list. */
  look(to: string | null): void {
    this.current = to;
    if (to !== null) this.#unmark(to);
  }

  tell(id: string, told: Told): void {
    this.told = { ...this.told, [id]: told };
  }

  /** A page is gone. */
  forget(id: string): void {
    const { [id]: _, ...rest } = this.told;
    this.told = rest;
    this.#unmark(id);
  }

  /** Something happened in a session; a mark at its tab, if nobody looks. */
  mark(id: string): void {
    if (id !== this.current && !this.marked.has(id)) this.marked = new Set([...this.marked, id]);
  }

  /** What is new there: messages, or 1 for anything else. */
  news(id: string): number {
    return id === this.current ? 0 : this.told[id]?.unread || (this.marked.has(id) ? 1 : 0);
  }

  /** The person wants to close it: asks first where something goes on. Gives back whether it is closed. */
  close(id: string): boolean {
    if (this.told[id]?.over === false) {
      this.asked = id;
      return false;
    }
    this.remove(id);
    return true;
  }

  remove(id: string): void {
    if (this.asked === id) this.asked = null;
    this.#put(this.list.filter((open) => open !== id));
  }

  /** Which one is looked at when this one is closed: its neighbour, or none. */
  after(id: string): string | null {
    const at = this.list.indexOf(id);
    const rest = this.list.filter((open) => open !== id);
    return rest[Math.min(at, rest.length - 1)] ?? null;
  }

  clear(): void {
    this.asked = null;
    this.current = null;
    this.#put([]);
  }

  #unmark(id: string): void {
    if (this.marked.has(id)) this.marked = new Set([...this.marked].filter((other) => other !== id));
  }

  #put(list: readonly string[]): void {
    if (list.length === this.list.length && list.every((id, at) => id === this.list[at])) return;
    this.list = list;
    try {
      this.#store()?.setItem(KEPT, JSON.stringify(list.slice(0, MOST)));
    } catch {
      // Without a store a reload forgets them.
    }
  }
}

function sessionStore(): Store | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

export const tabs = new OpenTabs(sessionStore);
