// Files both ways: what the panel shows, and what it does. Which file goes when, and what is said about it, is the
// module's; see protocol/src/transfer.
import type { Clock } from "../../link/link";
import type { FileEnd, FileEntry, Files, TransferItem, TransferJob, TransferOutput, TransferSaid } from "../../types";
import { Disks, type HasherLike, type Place, type Source } from "./files/disk";
import type { Begun, Handles } from "./files/handles";
import type { Taken } from "./files/browser";

/** What the page needs of the module's list of transfers. */
export interface TransferList {
  put(transfer: number, steps: string[], size: number, now: number): boolean;
  fetch(transfer: number, from: string, steps: string[], size: number, now: number): boolean;
  stop(transfer: number, now: number): void;
  reach(up: boolean, now: number): void;
  message(message: Files, now: number): void;
  said(transfer: number, said: TransferSaid, now: number): void;
  /** What the disk read. */
  read(transfer: number, turn: number, bytes: Uint8Array, hash: Uint8Array | null, now: number): void;
  /** Goes on with a file of which so much is here. */
  fetchOn(transfer: number, from: string, steps: string[], size: number, had: number, now: number): boolean;
  /** A whole message of the agent; gives it back where it is about a folder. */
  take(message: Uint8Array, now: number): Files | undefined;
  /** Files that are over without the agent having been told. */
  untold(): ArrayLike<number>;
  tick(now: number): void;
  busy(): boolean;
  next(): TransferOutput | undefined;
  /** The same, with bodies of messages, as many as there are, in place of those that carry bytes of a file. */
  nextBodies(): TransferOutput | { type: "bodies"; bytes: Uint8Array<ArrayBuffer>; lengths: Uint32Array } | undefined;
  items(): TransferItem[];
}

export interface FilesParts {
  send(message: Files): void;
  /** Sends bodies of messages, and takes them; those are answered by {@link FilesState.taken} too. */
  sendBulk?(bytes: Uint8Array<ArrayBuffer>, lengths: Uint32Array): void;
  /** Whose files they are. */
  session?: string;
  /** Files of this session that a page before this one was writing, where that can be gone on with. */
  taken?(): Promise<Taken[]>;
  clock: Clock;
  list: TransferList;
  hasher(): HasherLike;
  /** The name that something of the customer's gets here; undefined when it cannot be used. */
  confined(name: string): string | undefined;
  /** Remembers which files are under way, so that a page that is loaded again can take them back. */
  keeper?: { kept: string | null; keep(text: string): void };
  /** Remembers files that a page which is loaded again can go on with. */
  handles?: Handles;
  /** Each message that is sent is answered by {@link FilesState.taken} when it is on its way. */
  paced?: boolean;
  /** A number that nobody has used. */
  newNumber?(): number;
}

/** A file as the panel shows it. */
export interface Row extends TransferItem {
  /** Bytes a second, over the last moments. */
  rate: number;
  /** Seconds that are left at this rate; null while nobody can say. */
  left: number | null;
}

/** What the panel shows of the customer's disk. */
export type Folder =
  | { state: "closed" }
  | { state: "asking" | "loading"; path: string }
  | { state: "refused"; path: string; why: FileEnd }
  | { state: "open"; path: string; parent: string | null; entries: FileEntry[]; cut: boolean };

/** Something to take: a file or folder of the customer's. */
export interface Wanted {
  path: string;
  entry: FileEntry;
}

const EVERY_MS = 500;
/** A folder that is not told within this time is asked for again. */
const LIST_AGAIN_MS = 5_000;
/** Rows that a page can show without being slow. */
export const MAX_ROWS = 300;
/** Files of one folder that is taken, and folders below it. */
export const MAX_TAKEN = 5_000;
const MAX_FOLDERS = 1_000;
/** How much the newest moment counts for the rate. */
const NEWEST = 0.3;
/** Pieces that may wait for being handed on. */
const MAX_WAITING = 24;
/** What a person does goes first: files wait for so long after it, */
const ACTS_MS = 400;
/** and until then go no faster than this, in bytes a millisecond. */
const BESIDE = 10_000;
/** Entries of one folder, however much an agent says. */
const MAX_ENTRIES = 20_000;

interface Asked {
  list: number;
  path: string;
  /** By their names. */
  entries: Map<string, FileEntry>;
  at: number;
  asking(): void;
  done(folder: { path: string; parent: string | null; entries: FileEntry[]; cut: boolean }): void;
  refused(why: FileEnd): void;
}

const random = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

export class FilesState {
  rows = $state.raw<Row[]>([]);
  /** Rows that are not shown. */
  hidden = $state(0);
  folder = $state.raw<Folder>({ state: "closed" });
  /** Files could go now. */
  up = $state(false);
  /** Files that were under way when this page was loaded again, and that a person must allow it to read. */
  unfinished = $state.raw<number[]>([]);
  /** Taking stopped at so many files. */
  tooMany = $state(false);
  /** Files that are not over yet. */
  live = $state(0);
  readonly busy = $derived(this.live > 0);

  readonly #parts: FilesParts;
  readonly #disks: Disks;
  readonly #rates = new Map<number, { at: number; moved: number; rate: number }>();
  readonly #asked = new Map<number, Asked>();
  #lists = 0;
  /** Messages that are not on their way yet, and what is not read before they are. */
  #waiting = 0;
  #held: { transfer: number; job: TransferJob }[] = [];
  #cancel: (() => void) | null = null;
  /** Something that a person did is not shown yet. */
  #fresh = false;
  #over = false;
  #actedAt = Number.NEGATIVE_INFINITY;
  /** When the bytes are through that were let go beside a person's work. */
  #freeAt = 0;
  /** What a page before this one had under way. */
  readonly #before: string | null;

  constructor(parts: FilesParts) {
    this.#parts = parts;
    this.#before = parts.keeper?.kept ?? null;
    this.#disks = new Disks(parts.hasher, (transfer, said) => {
      if (said.type === "read") parts.list.read(transfer, said.turn, said.bytes, said.hash, this.#now());
      else parts.list.said(transfer, said, this.#now());
      this.#drain();
    }, (bytes) => this.#giveWay(bytes));
  }

  /** A person types or points: files leave the way to the picture. */
  acted(): void {
    this.#actedAt = this.#now();
  }

  #giveWay(bytes: number): Promise<void> | null {
    const now = this.#now();
    if (now - this.#actedAt >= ACTS_MS) return null;
    this.#freeAt = Math.max(this.#freeAt, now) + bytes / BESIDE;
    return new Promise((go) => void this.#parts.clock.after(this.#freeAt - now, go));
  }

  #now(): number {
    return Math.max(0, Math.round(this.#parts.clock.now()));
  }

  /** Whether the agent can be reached and the customer lets files go at all. */
  reach(up: boolean): void {
    this.up = up;
    if (up) this.#takeBack();
    // Nobody answers for what was said to a link that is gone.
    this.#waiting = 0;
    this.#release();
    this.#parts.list.reach(up, this.#now());
    if (up) for (const asked of this.#asked.values()) this.#ask(asked);
    if (!up && this.folder.state === "asking") this.folder = { state: "loading", path: this.folder.path };
    this.#drain();
  }

  /** Offers files to the customer's computer. */
  put(files: readonly { steps: string[]; source: Source; handle?: FileSystemFileHandle | null }[]): void {
    this.#freshen();
    let full = false;
    for (const { steps, source, handle } of files) {
      if (full) {
        source.close?.();
        continue;
      }
      const transfer = this.#newNumber();
      this.#disks.reads(transfer, source);
      full = !this.#parts.list.put(transfer, steps, source.size, this.#now());
      if (full) this.#disks.work(transfer, { type: "close" });
      else if (handle) this.#parts.handles?.keep(transfer, steps, handle);
    }
    this.#drain();
  }

  /** Takes files and folders of the customer's to this place. */
  async take(wanted: readonly Wanted[], place: Place): Promise<void> {
    this.tooMany = false;
    const queue = wanted.map(({ path, entry }) => ({ path, entry, above: [] as string[] }));
    let [files, folders] = [0, 0];
    for (let next = queue.shift(); next; next = queue.shift()) {
      const name = this.#parts.confined(next.entry.name);
      if (name === undefined) continue;
      const steps = [...next.above, name];
      if (next.entry.kind === "file") {
        if (files === MAX_TAKEN) return void (this.tooMany = true);
        files += 1;
        this.#fetch(next.path, steps, next.entry.size, place);
      } else if (next.entry.kind === "folder" && steps.length < 31) {
        if (folders === MAX_FOLDERS) return void (this.tooMany = true);
        folders += 1;
        const { path } = next;
        const inside = await this.#read(path).catch(() => null);
        for (const entry of inside?.entries ?? []) {
          // No more than could be taken anyway: folders in folders would fill the memory.
          if (queue.length >= MAX_TAKEN + MAX_FOLDERS) this.tooMany = true;
          else queue.push({ path: below(path, entry.name), entry, above: steps });
        }
      }
    }
  }

  #fetch(path: string, steps: string[], size: number, place: Place): void {
    this.#freshen();
    const transfer = this.#newNumber();
    this.#disks.writes(place, { session: this.#parts.session ?? "", transfer, from: path });
    this.#parts.list.fetch(transfer, path, steps, size, this.#now());
    this.#drain();
  }

  /** Stops a file; one that is over goes from the list. */
  stop(transfer: number): void {
    this.#freshen();
    this.#stop(transfer);
    this.#drain();
  }

  stopAll(): void {
    this.#freshen();
    for (const { transfer, state } of this.#parts.list.items()) {
      if (state !== "finished" && state !== "over") this.#stop(transfer);
    }
    this.#drain();
  }

  #stop(transfer: number): void {
    this.#parts.list.stop(transfer, this.#now());
    // The list closes what is under way, and does not know of what others hold for a file that has not begun.
    this.#disks.work(transfer, { type: "close" });
  }

  /** Takes everything that is over from the list. */
  clear(): void {
    this.#freshen();
    for (const { transfer, state } of this.#parts.list.items()) {
      if (state === "finished" || state === "over") this.#parts.list.stop(transfer, this.#now());
    }
    this.#drain();
  }

  /** Looks into a folder of the customer's; the empty path is their own. */
  async look(path: string): Promise<void> {
    this.folder = { state: "loading", path };
    const current = (): boolean => this.folder.state !== "closed" && this.folder.path === path;
    try {
      const found = await this.#read(path, () => {
        if (current()) this.folder = { state: "asking", path };
      });
      if (current()) this.folder = { state: "open", ...found };
    } catch (why) {
      if (current()) this.folder = { state: "refused", path, why: why as FileEnd };
    }
  }

  #read(path: string, asking: () => void = () => undefined): Promise<{ path: string; parent: string | null; entries: FileEntry[]; cut: boolean }> {
    return new Promise((done, refused) => {
      this.#lists += 1;
      const asked: Asked = { list: this.#lists, path, entries: new Map(), at: 0, asking, done, refused };
      this.#asked.set(asked.list, asked);
      this.#ask(asked);
      this.#tickSoon();
    });
  }

  #ask(asked: Asked): void {
    asked.at = this.#now();
    asked.entries = new Map();
    if (this.up) this.#parts.send({ type: "list", list: asked.list, path: asked.path });
  }

  /** Messages of the agent, as they came. */
  bulk(messages: readonly Uint8Array[]): void {
    for (const message of messages) {
      let other: Files | undefined;
      try {
        other = this.#parts.list.take(message, this.#now());
      } catch (error) {
        console.warn("a message was refused:", error);
        continue;
      }
      if (other) this.message(other);
    }
    this.#drain();
  }

  /** A message of the agent. */
  message(message: Files): void {
    switch (message.type) {
      case "listing": {
        const asked = this.#asked.get(message.list);
        if (!asked) return;
        asked.at = this.#now();
        for (const entry of message.entries) {
          // Each name once: the page tells entries apart by it.
          if (asked.entries.size < MAX_ENTRIES && !asked.entries.has(entry.name)) asked.entries.set(entry.name, entry);
        }
        if (message.more) return;
        this.#asked.delete(message.list);
        const { path, parent, cut } = message;
        asked.done({ path, parent, entries: [...asked.entries.values()].toSorted(order), cut: cut || asked.entries.size >= MAX_ENTRIES });
        return;
      }
      case "list_asking": {
        const asked = this.#asked.get(message.list);
        if (!asked) return;
        // The customer may take a while.
        asked.at = this.#now() + 60_000;
        return asked.asking();
      }
      case "list_refused": {
        const asked = this.#asked.get(message.list);
        this.#asked.delete(message.list);
        return asked?.refused(message.why);
      }
      default:
        this.#parts.list.message(message, this.#now());
        this.#drain();
    }
  }

  /** The session is over: nothing goes on, and what is not whole is removed. */
  end(): void {
    for (const { transfer, state } of this.#parts.list.items()) {
      if (state !== "finished" && state !== "over") this.#disks.work(transfer, { type: "close" });
    }
  }

  /** The page goes. */
  close(): void {
    this.#over = true;
    this.#disks.leave();
    this.#cancel?.();
    this.#cancel = null;
  }

  /** The list is told at once, and not with the next moment. */
  #freshen(): void {
    this.#fresh = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  #newNumber(): number {
    return (this.#parts.newNumber ?? random)();
  }

  /** So much of what was sent is on its way. */
  taken(messages = 1): void {
    this.#waiting = Math.max(0, this.#waiting - messages);
    this.#release();
  }

  #release(): void {
    while (this.#waiting < MAX_WAITING) {
      const next = this.#held.shift();
      if (!next) return;
      this.#disks.work(next.transfer, next.job);
    }
  }

  #outputs(): void {
    const { list, paced } = this.#parts;
    const next = (): ReturnType<TransferList["nextBodies"]> => (this.#parts.sendBulk ? list.nextBodies() : list.next());
    for (let output = next(); output; output = next()) {
      if (output.type === "bodies") {
        if (paced) this.#waiting += output.lengths.length;
        this.#parts.sendBulk?.(output.bytes, output.lengths);
      } else if (output.type === "send") {
        if (paced) this.#waiting += 1;
        this.#parts.send(output.message);
      } else if (output.job.type === "read" && this.#waiting >= MAX_WAITING) {
        this.#held.push(output);
      } else {
        this.#disks.work(output.transfer, output.job);
      }
    }
  }

  #drain(): void {
    this.#outputs();
    this.#tickSoon();
  }

  #tickSoon(): void {
    if (this.#over || this.#cancel) return;
    // Soon for what a person has just done, and then at a pace that can be read.
    this.#cancel = this.#parts.clock.after(this.#fresh ? 0 : EVERY_MS, () => {
      this.#cancel = null;
      this.#fresh = false;
      this.#tick();
    });
  }

  #tick(): void {
    const now = this.#now();
    this.#parts.list.tick(now);
    for (const asked of this.#asked.values()) if (now - asked.at >= LIST_AGAIN_MS) this.#ask(asked);
    const items = this.#parts.list.items();
    this.#keep(items);
    // What goes is shown first, then what comes next, then what is over, the newest first.
    const rank = ({ state }: TransferItem): number => (state === "flows" || state === "asked" || state === "waits" ? 0 : state === "queued" ? 1 : 2);
    const sorted = items.map((item, at) => ({ item, at })).toSorted((a, b) => rank(a.item) - rank(b.item) || (rank(a.item) === 2 ? b.at - a.at : a.at - b.at));
    this.rows = sorted.slice(0, MAX_ROWS).map(({ item }) => this.#row(item, now));
    this.hidden = Math.max(0, sorted.length - MAX_ROWS);
    this.live = items.filter(({ state }) => state !== "finished" && state !== "over").length;
    const busy = this.live > 0;
    if (!busy) this.#rates.clear();
    if (busy || this.#asked.size > 0) this.#tickSoon();
    this.#outputs();
  }

  #row(item: TransferItem, now: number): Row {
    const known = this.#rates.get(item.transfer);
    let rate = known?.rate ?? 0;
    if (item.state !== "flows") this.#rates.delete(item.transfer);
    else if (!known) this.#rates.set(item.transfer, { at: now, moved: item.moved, rate: 0 });
    else if (now - known.at >= EVERY_MS / 2) {
      const fresh = (Math.max(0, item.moved - known.moved) * 1000) / (now - known.at);
      rate = known.rate === 0 ? fresh : known.rate * (1 - NEWEST) + fresh * NEWEST;
      this.#rates.set(item.transfer, { at: now, moved: item.moved, rate });
    }
    const left = item.state === "flows" && rate > 1 ? Math.ceil((item.size - item.moved) / rate) : null;
    return { ...item, rate: item.state === "flows" ? rate : 0, left };
  }

  #kept = "";

  #keep(items: readonly TransferItem[]): void {
    const active = items.filter(({ state }) => state === "flows" || state === "asked" || state === "waits");
    if (!this.#tookBack) return;
    const text = JSON.stringify([...this.unfinished, ...active.map(({ transfer }) => transfer), ...Array.from(this.#parts.list.untold())]);
    if (text === this.#kept) return;
    this.#kept = text;
    for (const { transfer, state } of items) if (state === "finished" || state === "over") this.#parts.handles?.forget(transfer);
    this.#parts.keeper?.keep(text);
  }

  #tookBack = false;

  /** What a page began before it was loaded again, nobody reads or writes any more. */
  #takeBack(): void {
    if (this.#tookBack) return;
    this.#tookBack = true;
    let kept: unknown;
    try {
      kept = JSON.parse(this.#before ?? "[]");
    } catch {
      kept = [];
    }
    const begun = Array.isArray(kept) ? kept.filter((transfer) => typeof transfer === "number") : [];
    void this.#goOn(begun);
  }

  async #goOn(begun: readonly number[]): Promise<void> {
    const taken = (await this.#parts.taken?.().catch(() => [])) ?? [];
    for (const { transfer, from, steps, size, had, place } of taken) {
      this.#freshen();
      this.#disks.writes(place, { session: this.#parts.session ?? "", transfer, from }, had);
      this.#parts.list.fetchOn(transfer, from, steps, size, had, this.#now());
    }
    this.#drain();
    const others = begun.filter((transfer) => taken.every((one) => one.transfer !== transfer));
    for (const transfer of others) void this.#back(transfer, false);
  }

  /** Goes on with what a person must allow this page to read again. */
  async resume(): Promise<void> {
    for (const transfer of this.unfinished) await this.#back(transfer, true);
    this.unfinished = [];
  }

  async #back(transfer: number, ask: boolean): Promise<void> {
    const { handles } = this.#parts;
    const begun: Begun | "ask" | null = handles ? await handles.back(transfer, ask) : null;
    if (begun === "ask") {
      this.unfinished = [...this.unfinished, transfer];
    } else if (begun) {
      this.#freshen();
      this.#disks.reads(transfer, begun.source);
      this.#parts.list.put(transfer, begun.steps, begun.source.size, this.#now());
      this.#drain();
    } else {
      handles?.forget(transfer);
      this.#parts.send({ type: "stop", transfer, why: "cancelled" });
    }
  }
}

/** A name in a folder of the customer's, as their system writes it. */
export function below(folder: string, name: string): string {
  const separator = folder.includes("\\") && !folder.includes("/") ? "\\" : "/";
  return folder.endsWith(separator) ? `${folder}${name}` : `${folder}${separator}${name}`;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function order(a: FileEntry, b: FileEntry): number {
  const folder = ({ kind }: FileEntry): number => (kind === "folder" ? 0 : 1);
  return folder(a) - folder(b) || collator.compare(a.name, b.name);
}
