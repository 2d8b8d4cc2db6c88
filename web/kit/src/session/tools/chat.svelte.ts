import type { Clock } from "../../link/link";
import { MAX_CHAT_TEXT, type Chat, type ChatLine, type ParticipantId } from "../../types";
import { shownText } from "./links";

/** Lines that the page keeps, and their letters in all: an agent may say what it likes. */
const MAX_LINES = 2_000;
const MAX_LETTERS = 1_000_000;
/** Messages that wait for an answer. */
export const MAX_WAITING = 50;
/** What was not answered is said again after this time. */
const AGAIN_MS = 5_000;
/** That somebody types is told at most this often, and believed for a little longer. */
const TYPING_EVERY_MS = 3_000;
const TYPING_FOR_MS = 6_000;

/** Something that was said, as the page shows it. */
export interface Line {
  key: string;
  /** Null until the agent has it. */
  number: number | null;
  who: "me" | "customer" | "other";
  /** Of another technician. */
  name: string;
  text: string;
  /** By this computer's clock. */
  at: number;
  /** Of one's own: not on its way yet, on its way, at the customer's computer. */
  mark: "waiting" | "sent" | "delivered";
}

interface Waiting {
  id: string;
  text: string;
  at: number;
  sent: boolean;
}

/** Keeps what was not answered, so that a page that is loaded again says it again. */
export interface ChatKeeper {
  readonly kept: string | null;
  keep(text: string): void;
  forget(): void;
}

export interface ChatParts {
  /** Says something to the agent; true when it left. */
  send(message: Chat): boolean;
  /** Which participant this console is. */
  me(): ParticipantId | null;
  clock: Clock;
  keeper: ChatKeeper;
  /** An identifier that nobody has used. */
  newId(): string;
  /** There is something new of somebody else. */
  news?(line: Line): void;
  /** What was said has grown. */
  grew?(): void;
}

const PREFIX = "farhand.chat.";

/** This tab's storage: what was not sent in one tab is that tab's to send. */
export function chatKeeper(session: string, storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> = sessionStorage): ChatKeeper {
  const key = PREFIX + session;
  return {
    get kept() {
      return storage.getItem(key);
    },
    keep: (text) => storage.setItem(key, text),
    forget: () => storage.removeItem(key),
  };
}

/** Letters for an identifier: 96 random bits. */
export function drawId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function tooLong(text: string): boolean {
  return new TextEncoder().encode(text.trim()).length > MAX_CHAT_TEXT;
}

/** The technician's end of the chat. What was said is the agent's to know: here is a copy of it, and what is on its way there. */
export class ChatState {
  /** What the agent has. */
  #said = $state.raw<readonly Line[]>([]);
  #waiting = $state.raw<readonly Waiting[]>([]);
  /** The agent has told what was said before. */
  ready = $state(false);
  /** The customer types. */
  typing = $state(false);
  unread = $state(0);
  /** Lines that are not shown any more, because there are too many. */
  dropped = $state(0);
  /** Everything in its order: what is not answered comes last. */
  readonly lines = $derived<readonly Line[]>([...this.#said, ...this.#waiting.map(waitingLine)]);

  readonly #parts: ChatParts;
  /** Every number from the first one up to this has come. */
  #whole = 0;
  #recalled = false;
  /** Its panel is open, and the page that it is in is looked at. */
  #open = false;
  #looked = true;
  #toldTyping = Number.NEGATIVE_INFINITY;
  #cancelTyping: () => void = () => {};
  #cancelAgain: (() => void) | null = null;

  constructor(parts: ChatParts) {
    this.#parts = parts;
    this.#waiting = readKept(parts.keeper.kept);
    if (this.#waiting.length > 0) this.#sayAgainLater();
  }

  /** A message of the agent. */
  take(message: Chat): void {
    switch (message.type) {
      case "said":
        this.#add([message.line], false);
        if (this.ready) return this.#acknowledge();
        this.#recalled ||= this.#parts.send({ type: "recall" });
        return;
      case "history":
        this.#add(message.lines, !this.ready);
        if (!message.last) return;
        this.ready = true;
        this.#recalled = false;
        this.#acknowledge();
        // The way is new: what was said on the old one may have been heard by nobody.
        for (const { id, text } of this.#waiting) this.#say(id, text);
        return;
      case "typing":
        this.#cancelTyping();
        this.typing = true;
        this.#cancelTyping = this.#parts.clock.after(TYPING_FOR_MS, () => (this.typing = false));
        return;
      case "say":
      case "got":
      case "recall":
      case "unknown":
        return;
    }
  }

  /** Says something; false when it is empty or too long, or too much waits already. */
  say(words: string): boolean {
    const text = shownText(words).trim();
    if (text === "" || tooLong(text) || this.#waiting.length >= MAX_WAITING) return false;
    const id = this.#parts.newId();
    this.#waiting = [...this.#waiting, { id, text, at: this.#parts.clock.now(), sent: false }];
    this.#say(id, text);
    this.#keep();
    this.#toldTyping = Number.NEGATIVE_INFINITY;
    this.#sayAgainLater();
    return true;
  }

  /** The technician types. */
  type(): void {
    const now = this.#parts.clock.now();
    if (now - this.#toldTyping < TYPING_EVERY_MS) return;
    if (this.#parts.send({ type: "typing" })) this.#toldTyping = now;
  }

  /** Whether somebody looks at it. */
  get watched(): boolean {
    return this.#open && this.#looked;
  }

  /** Whether its panel is open. */
  watch(on: boolean): void {
    this.#open = on;
    if (this.watched) this.unread = 0;
  }

  /** Whether the page that it is in is looked at. */
  look(on: boolean): void {
    this.#looked = on;
    if (this.watched) this.unread = 0;
  }

  /** The session is over, or the page leaves it. */
  stop(over: boolean): void {
    this.#cancelTyping();
    this.#cancelAgain?.();
    this.#cancelAgain = null;
    this.typing = false;
    if (over) this.#parts.keeper.forget();
  }

  #say(id: string, text: string): void {
    if (!this.#parts.send({ type: "say", id, text })) return;
    this.#waiting = this.#waiting.map((one) => (one.id === id ? { ...one, sent: true } : one));
  }

  #sayAgainLater(): void {
    this.#cancelAgain ??= this.#parts.clock.after(AGAIN_MS, () => {
      this.#cancelAgain = null;
      if (this.#waiting.length === 0) return;
      if (this.ready) for (const { id, text } of this.#waiting) this.#say(id, text);
      this.#sayAgainLater();
    });
  }

  #add(lines: readonly ChatLine[], before: boolean): void {
    const me = this.#parts.me();
    const known = new Set(this.#said.map(({ number }) => number));
    const added: Line[] = [];
    for (const line of lines) {
      // Each number once, also within one message: the page tells lines apart by it.
      if (known.has(line.number)) continue;
      known.add(line.number);
      added.push(this.#shown(line, me));
    }
    if (added.length > 0) {
      this.#said = this.#bounded([...this.#said, ...added].toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0)));
      const mine = new Set(lines.filter(({ from }) => from === me).map(({ id }) => id));
      if (this.#waiting.some(({ id }) => mine.has(id))) {
        this.#waiting = this.#waiting.filter(({ id }) => !mine.has(id));
        this.#keep();
      }
      for (const line of added) {
        if (line.who === "me") continue;
        if (line.who === "customer") this.#stopTyping();
        if (!this.watched && !before) this.unread += 1;
        if (!before) this.#parts.news?.(line);
      }
      this.#parts.grew?.();
    }
  }

  #stopTyping(): void {
    this.#cancelTyping();
    this.typing = false;
  }

  #shown(line: ChatLine, me: ParticipantId | null): Line {
    const who = line.from === undefined ? "customer" : line.from === me ? "me" : "other";
    const at = this.#parts.clock.now() - line.age_ms;
    return { key: `${line.number}`, number: line.number, who, name: shownText(line.name), text: shownText(line.text), at, mark: "delivered" };
  }

  #bounded(lines: Line[]): readonly Line[] {
    let letters = lines.reduce((sum, { text }) => sum + text.length, 0);
    let from = 0;
    while (lines.length - from > MAX_LINES || (letters > MAX_LETTERS && from < lines.length)) {
      letters -= lines[from]?.text.length ?? 0;
      from += 1;
    }
    this.dropped += from;
    return from === 0 ? lines : lines.slice(from);
  }

  /** Tells how far everything has come. Where something is missing, all is asked for again, once. */
  #acknowledge(): void {
    const first = this.#said[0]?.number ?? 0;
    let whole = Math.max(this.#whole, first);
    for (const { number } of this.#said) if (number === whole + 1) whole += 1;
    const newest = this.#said.at(-1)?.number ?? 0;
    if (whole < newest) this.#recalled ||= this.#parts.send({ type: "recall" });
    if (whole > this.#whole) {
      this.#whole = whole;
      this.#parts.send({ type: "got", number: whole });
    }
  }

  #keep(): void {
    if (this.#waiting.length === 0) this.#parts.keeper.forget();
    else this.#parts.keeper.keep(JSON.stringify(this.#waiting.map(({ id, text, at }) => ({ id, text, at }))));
  }
}

function waitingLine({ id, text, at, sent }: Waiting): Line {
  return { key: id, number: null, who: "me", name: "", text, at, mark: sent ? "sent" : "waiting" };
}

function readKept(text: string | null): readonly Waiting[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(list)) return [];
    return list.slice(0, MAX_WAITING).flatMap((one: { id?: unknown; text?: unknown; at?: unknown }) => {
      const { id, text: words, at } = one ?? {};
      return typeof id === "string" && typeof words === "string" && typeof at === "number" ? [{ id, text: words, at, sent: false }] : [];
    });
  } catch {
    return [];
  }
}
