import type { Clock } from "../../link/link";
import type { Action, Diagnostics as Message, LogLine, Outcome, Package, Process, Rows, Service, Summary, Topic } from "../../types";

/** Pages that the agent sends before it waits to be asked for more. */
const PAGES = 8;
/** Rows of one topic that the page keeps: an agent may say what it likes. */
export const MAX_ROWS = 8192;
/** Lines of a log that is followed. */
export const MAX_LOG_LINES = 5000;
/** A log that is followed is looked at this often. */
const FOLLOW_MS = 2_000;
/** What was not answered by then will not be. */
const ANSWER_MS = 30_000;

export interface Readings {
  summary: Summary;
  processes: readonly Process[];
  services: readonly Service[];
  log: readonly LogLine[];
  software: readonly Package[];
}
export type TopicName = keyof Readings;
export const TOPICS: readonly TopicName[] = ["summary", "processes", "services", "log", "software"];

/** Why there is nothing to see, or nothing was done. `lost` and `silent` are this side's words. */
export type Refusal = { why: Exclude<Outcome, "done"> | "lost" | "silent"; text: string };

/** Where the reading of one topic stands. What was read before stays until it is read anew. */
export interface Reading<T> {
  value: T | null;
  busy: boolean;
  /** More was there than an answer holds. */
  cut: boolean;
  /** When it was whole, by this computer's clock. */
  at: number | null;
  refused: Refusal | null;
}

export interface LogFilter {
  newest: number;
  /** 0 to 7. */
  priority: number;
  unit: string;
}

export interface DiagnosticsParts {
  /** Says something to the agent. */
  send(message: Message): void;
  clock: Clock;
}

interface Fetch {
  kind: "fetch";
  topic: TopicName;
  rows: Readings[TopicName] | null;
  count: number;
  pages: number;
  follows: boolean;
  settle(): void;
  cancel(): void;
}

interface Act {
  kind: "act";
  settle(refused: Refusal | null): void;
  cancel(): void;
}

const nothing = <T>(): Reading<T> => ({ value: null, busy: false, cut: false, at: null, refused: null });

/** The technician's end of the diagnostics: asks for pages, puts them together, and lets things be done. */
export class DiagnosticsState {
  summary = $state.raw<Reading<Summary>>(nothing());
  processes = $state.raw<Reading<readonly Process[]>>(nothing());
  services = $state.raw<Reading<readonly Service[]>>(nothing());
  log = $state.raw<Reading<readonly LogLine[]>>(nothing());
  software = $state.raw<Reading<readonly Package[]>>(nothing());
  following = $state(false);

  readonly #parts: DiagnosticsParts;
  readonly #waiting = new Map<number, Fetch | Act>();
  #last = 0;
  /** Where the log was read to. */
  #place = "";
  #filter: LogFilter = { newest: 200, priority: 6, unit: "" };
  #cancelFollow: (() => void) | null = null;

  constructor(parts: DiagnosticsParts) {
    this.#parts = parts;
  }

  get filter(): LogFilter {
    return this.#filter;
  }

  /** Reads a topic anew; resolves when it is there, or is not. */
  read(topic: TopicName): Promise<void> {
    if (topic === "log") {
      this.#place = "";
      return this.#fetch("log", { topic: "log", ...this.#filter, after: "" }, false);
    }
    return this.#fetch(topic, { topic }, false);
  }

  /** Which lines of the log are wanted; reads them. */
  filterLog(filter: LogFilter): Promise<void> {
    this.#filter = filter;
    return this.read("log");
  }

  /** Goes on reading the log by itself. */
  follow(on: boolean): void {
    this.following = on;
    this.#cancelFollow?.();
    this.#cancelFollow = null;
    if (on) this.#followLater();
  }

  /** Has something done; what it came to, or null when it is done. */
  act(action: Action): Promise<Refusal | null> {
    return new Promise((resolve) => {
      const request = this.#next();
      const settle = (refused: Refusal | null): void => {
        this.#forget(request);
        resolve(refused);
      };
      const cancel = this.#parts.clock.after(ANSWER_MS, () => settle({ why: "silent", text: "" }));
      this.#waiting.set(request, { kind: "act", settle, cancel });
      this.#parts.send({ type: "act", request, action });
    });
  }

  /** A message of the agent. What nobody asked for is passed over. */
  take(message: Message): void {
    switch (message.type) {
      case "rows":
        return this.#page(message.request, message.rows, message.more, message.cut);
      case "answered": {
        const waiting = this.#waiting.get(message.request);
        if (!waiting) return;
        const refused: Refusal | null = message.outcome === "done" ? null : { why: message.outcome, text: message.text };
        if (waiting.kind === "act") waiting.settle(refused);
        else this.#refuse(message.request, waiting, refused ?? { why: "failed", text: "" });
        return;
      }
      default:
        return;
    }
  }

  /** Nothing that was asked for will be answered: the way is lost, or the right is taken back. */
  breakOff(): void {
    for (const [request, waiting] of [...this.#waiting]) {
      if (waiting.kind === "act") waiting.settle({ why: "lost", text: "" });
      else this.#refuse(request, waiting, { why: "lost", text: "" });
    }
    this.follow(false);
  }

  #next(): number {
    this.#last = (this.#last + 1) % 0x1_0000_0000;
    return this.#last;
  }

  #forget(request: number): void {
    this.#waiting.get(request)?.cancel();
    this.#waiting.delete(request);
  }

  #fetch(topic: TopicName, wanted: Topic, follows: boolean): Promise<void> {
    // Whoever asks again does not want the older answer.
    for (const [request, waiting] of [...this.#waiting])
      if (waiting.kind === "fetch" && waiting.topic === topic) {
        this.#forget(request);
        waiting.settle();
      }
    return new Promise((resolve) => {
      const request = this.#next();
      const fetch: Fetch = { kind: "fetch", topic, rows: null, count: 0, pages: 0, follows, settle: resolve, cancel: () => undefined };
      this.#waiting.set(request, fetch);
      this.#expect(request, fetch);
      if (!follows) this.#set(topic, { ...this.#get(topic), busy: true, refused: null });
      this.#parts.send({ type: "fetch", request, topic: wanted, pages: PAGES });
    });
  }

  #expect(request: number, fetch: Fetch): void {
    fetch.cancel();
    fetch.cancel = this.#parts.clock.after(ANSWER_MS, () => this.#refuse(request, fetch, { why: "silent", text: "" }));
  }

  #page(request: number, rows: Rows, more: boolean, cut: boolean): void {
    const fetch = this.#waiting.get(request);
    if (fetch?.kind !== "fetch" || rows.topic !== fetch.topic) return;
    fetch.pages += 1;
    const full = this.#add(fetch, rows);
    // An agent that never comes to its end is not asked any further.
    if (more && !full) {
      this.#expect(request, fetch);
      if (fetch.pages % PAGES === 0) this.#parts.send({ type: "more", request, pages: PAGES });
      return;
    }
    this.#forget(request);
    this.#whole(fetch, cut || (more && full));
    fetch.settle();
  }

  /** Whether there is room for no more. */
  #add(fetch: Fetch, rows: Rows): boolean {
    switch (rows.topic) {
      case "summary":
        fetch.rows = rows.summary;
        return true;
      case "log":
        if (rows.place !== "") this.#place = rows.place;
        break;
      case "processes":
      case "services":
      case "software":
        break;
      case "unknown":
        return true;
    }
    const before = (fetch.rows ?? []) as readonly unknown[];
    const after = [...before, ...rows.rows.slice(0, MAX_ROWS - before.length)];
    fetch.rows = after as unknown as Readings[TopicName];
    // A page without rows brings nobody on.
    return after.length >= MAX_ROWS || rows.rows.length === 0;
  }

  #whole(fetch: Fetch, cut: boolean): void {
    const at = this.#parts.clock.now();
    if (fetch.topic === "log" && fetch.follows) {
      const news = (fetch.rows ?? []) as readonly LogLine[];
      const lines = [...(this.log.value ?? []), ...news];
      this.log = { value: news.length === 0 ? this.log.value : lines.slice(-MAX_LOG_LINES), busy: false, cut: this.log.cut, at, refused: null };
      return;
    }
    this.#set(fetch.topic, { value: fetch.rows, busy: false, cut, at, refused: null });
  }

  #refuse(request: number, fetch: Fetch, refused: Refusal): void {
    this.#forget(request);
    if (fetch.follows) this.follow(false);
    this.#set(fetch.topic, { ...this.#get(fetch.topic), busy: false, refused });
    fetch.settle();
  }

  #followLater(): void {
    this.#cancelFollow = this.#parts.clock.after(FOLLOW_MS, () => {
      const wanted: Topic = { topic: "log", ...this.#filter, after: this.#place };
      void this.#fetch("log", wanted, this.#place !== "").then(() => {
        if (this.following) this.#followLater();
      });
    });
  }

  #get(topic: TopicName): Reading<Readings[TopicName]> {
    return this[topic];
  }

  #set(topic: TopicName, reading: Reading<Readings[TopicName]>): void {
    (this as Record<TopicName, Reading<Readings[TopicName]>>)[topic] = reading;
  }
}
