import { CLIPBOARD, type Clipboard, type ClipboardPart, type ClipboardWhy } from "../../types";
import { ClipboardRefusal, FORMATS, fingerprint, isGenuine, type Content, type Format, type LocalClipboard, type RefusalWhy } from "./local-clipboard";

/** Which way. */
export type Way = "to_customer" | "from_customer";

/** How it stands with one way. */
export type Progress =
  | { state: "idle" }
  /** The customer's computer or this one is asked. */
  | { state: "asking" }
  | { state: "moving"; done: number; size: number }
  /** It lies there; what it is. */
  | { state: "there"; formats: readonly Format[]; size: number }
  /** It came, and this page may not put it there by itself. */
  | { state: "held"; formats: readonly Format[]; size: number; why: RefusalWhy }
  /** Files were copied; only their names came. */
  | { state: "files"; names: readonly string[]; more: number }
  /** Why this computer's clipboard gave or took nothing. */
  | { state: "local"; why: RefusalWhy }
  /** Why the customer's computer gave or took nothing. */
  | { state: "refused"; why: ClipboardWhy | "dropped" | "broken" };

export interface ClipboardParts {
  send(message: Clipboard): void;
  local: LocalClipboard;
  /** Whether the page's window has the focus. */
  focused(): boolean;
}

interface Incoming {
  transfer: number;
  parts: readonly { format: Format; size: number }[];
  bytes: Uint8Array<ArrayBuffer>;
  at: number;
  /** Granted and not yet come. */
  open: number;
}

interface Outgoing {
  transfer: number;
  content: Content;
  bytes: Uint8Array<ArrayBuffer>;
  sent: number;
  credit: number;
}

const isFormat = (format: string): format is Format => (FORMATS as readonly string[]).includes(format);

/**
 * The technician's end of the clipboard. Each way has a switch, and may be automatic: then what is copied goes over while
 * this window has the focus. The gate is the agent's; here is only what the technician wants.
 */
export class ClipboardState {
  /** The switches. */
  toCustomer = $state(true);
  fromCustomer = $state(true);
  autoTo = $state(false);
  autoFrom = $state(false);
  to = $state.raw<Progress>({ state: "idle" });
  from = $state.raw<Progress>({ state: "idle" });

  readonly #parts: ClipboardParts;
  #permitted = false;
  #focused: boolean;
  #watch: "off" | "away" | "on" = "off";
  #request = 0;
  #asked = false;
  #transfer = 0;
  #incoming: Incoming | null = null;
  #outgoing: Outgoing | null = null;
  #held: Content | null = null;
  /** What both sides have, as far as this page had a part in it. */
  #shared: string | null = null;
  /** What lay here when the automatic way was switched on stays here. */
  #baseline = false;
  #reading = false;

  constructor(parts: ClipboardParts) {
    this.#parts = parts;
    this.#focused = parts.focused();
  }

  /** Whether the customer allows it, now. */
  permitted(permitted: boolean): void {
    if (permitted === this.#permitted) return;
    this.#permitted = permitted;
    if (!permitted) this.#over();
    this.#tellWatch(true);
    void this.#look();
  }

  /** The window got or lost the focus. */
  focus(focused: boolean): void {
    this.#focused = focused;
    this.#tellWatch();
    if (focused && this.#held && this.from.state === "held" && this.from.why === "unfocused") void this.putThere();
    void this.#look();
  }

  switchTo(on: boolean): void {
    this.toCustomer = on;
    if (on) return;
    this.autoTo = false;
    if (this.#outgoing) this.#parts.send({ type: "dropped", transfer: this.#outgoing.transfer });
    this.#outgoing = null;
    this.to = { state: "idle" };
  }

  switchFrom(on: boolean): void {
    this.fromCustomer = on;
    if (!on) {
      this.autoFrom = false;
      if (this.#incoming) this.#parts.send({ type: "refused", transfer: this.#incoming.transfer, why: "not_allowed" });
      this.#incoming = null;
      this.#held = null;
      this.from = { state: "idle" };
    }
    this.#tellWatch();
  }

  automaticTo(on: boolean): void {
    this.autoTo = on && this.toCustomer;
    this.#baseline = this.autoTo;
    void this.#look();
  }

  automaticFrom(on: boolean): void {
    this.autoFrom = on && this.fromCustomer;
    this.#tellWatch();
  }

  /** Gives the customer what lies on this computer's clipboard. */
  async give(): Promise<void> {
    if (!this.toCustomer || !this.#permitted) return;
    this.to = { state: "asking" };
    try {
      this.#offer(await this.#parts.local.read());
    } catch (error) {
      this.to = { state: "local", why: why(error) };
    }
  }

  /** The same with what was pasted into a field of the page. */
  givePasted(content: Promise<Content>): Promise<void> {
    this.to = { state: "asking" };
    return content.then(
      (found) => this.#offer(found),
      (error: unknown) => void (this.to = { state: "local", why: why(error) }),
    );
  }

  /** Gets what lies on the customer's clipboard. */
  fetch(): void {
    if (!this.fromCustomer || !this.#permitted) return;
    this.#request += 1;
    this.#asked = true;
    this.#held = null;
    this.from = { state: "asking" };
    this.#parts.send({ type: "fetch", request: this.#request });
  }

  /** Puts on this computer's clipboard what came and could not be put there by itself. */
  async putThere(): Promise<void> {
    const content = this.#held;
    if (!content) return;
    const [formats, size] = [content.parts.map(({ format }) => format), sizeOf(content)];
    try {
      await this.#parts.local.write(content);
      if (this.#held !== content) return;
      this.#held = null;
      this.#shared = fingerprint(content);
      this.from = { state: "there", formats, size };
    } catch (error) {
      if (this.#held === content) this.from = { state: "held", formats, size, why: why(error) };
    }
  }

  /** What the agent says. */
  take(message: Clipboard): void {
    switch (message.type) {
      case "nothing":
        if (message.request !== 0 && message.request !== this.#request) return;
        this.#asked = false;
        this.from = { state: "refused", why: message.why };
        return;
      case "offer":
        return this.#offered(message);
      case "piece":
        return this.#piece(message.transfer, message.bytes);
      case "dropped":
        if (this.#incoming?.transfer !== message.transfer) return;
        this.#incoming = null;
        this.from = { state: "refused", why: "dropped" };
        return;
      case "credit":
        if (this.#outgoing?.transfer !== message.transfer) return;
        this.#outgoing.credit = Math.min(this.#outgoing.credit + message.bytes, this.#outgoing.bytes.length);
        return this.#send(this.#outgoing);
      case "taken": {
        if (this.#outgoing?.transfer !== message.transfer) return;
        const { content, bytes } = this.#outgoing;
        this.#outgoing = null;
        this.to = { state: "there", formats: content.parts.map(({ format }) => format), size: bytes.length };
        return;
      }
      case "refused":
        if (this.#outgoing?.transfer !== message.transfer) return;
        this.#outgoing = null;
        this.#shared = null;
        this.to = { state: "refused", why: message.why };
        return;
      // An agent watches and fetches nothing.
      case "watch":
      case "fetch":
      case "unknown":
        return;
    }
  }

  /** The agent's end is gone or lets this page in anew: what was under way is over. */
  #over(): void {
    this.#watch = "off";
    this.#asked = false;
    const busy = (progress: Progress): boolean => progress.state === "asking" || progress.state === "moving";
    if (this.#incoming || busy(this.from)) this.from = { state: "refused", why: "dropped" };
    if (this.#outgoing || busy(this.to)) this.to = { state: "refused", why: "dropped" };
    this.#incoming = null;
    this.#outgoing = null;
  }

  #tellWatch(anew = false): void {
    const watch = !this.autoFrom || !this.#permitted ? "off" : this.#focused ? "on" : "away";
    if (watch === this.#watch && !(anew && watch !== "off")) return;
    this.#watch = watch;
    if (this.#permitted) this.#parts.send({ type: "watch", watch });
  }

  /** Looks at this computer's clipboard, where that is wanted, and sends what is new on it. */
  async #look(): Promise<void> {
    if (!this.autoTo || !this.#permitted || !this.#focused || this.#reading) return;
    this.#reading = true;
    try {
      const content = await this.#parts.local.read();
      const print = fingerprint(content);
      const known = print === this.#shared || this.#baseline;
      this.#baseline = false;
      if (known) this.#shared = print;
      // Meanwhile it may have been switched off.
      else if (this.autoTo && this.#permitted) this.#offer(content);
    } catch (error) {
      const said = why(error);
      this.#baseline &&= said !== "empty";
      // An empty clipboard is nothing to speak of, and without the focus there will be another time.
      if (said !== "empty" && said !== "unfocused") this.to = { state: "local", why: said };
    } finally {
      this.#reading = false;
    }
  }

  #offer(content: Content): void {
    if (!this.toCustomer || !this.#permitted) return;
    if (this.#outgoing) this.#parts.send({ type: "dropped", transfer: this.#outgoing.transfer });
    this.#transfer += 1;
    const bytes = new Uint8Array(sizeOf(content));
    let at = 0;
    for (const part of content.parts) {
      bytes.set(part.bytes, at);
      at += part.bytes.length;
    }
    this.#outgoing = { transfer: this.#transfer, content, bytes, sent: 0, credit: 0 };
    this.#shared = fingerprint(content);
    this.to = { state: "moving", done: 0, size: bytes.length };
    const parts: ClipboardPart[] = content.parts.map(({ format, bytes: { length } }) => ({ format, size: length }));
    this.#parts.send({ type: "offer", transfer: this.#transfer, request: 0, parts, files: [], more_files: 0 });
  }

  #send(outgoing: Outgoing): void {
    while (outgoing.sent < outgoing.credit) {
      const end = Math.min(outgoing.sent + CLIPBOARD.piece, outgoing.credit);
      this.#parts.send({ type: "piece", transfer: outgoing.transfer, bytes: outgoing.bytes.slice(outgoing.sent, end) });
      outgoing.sent = end;
    }
    this.to = { state: "moving", done: outgoing.sent, size: outgoing.bytes.length };
  }

  #offered({ transfer, request, parts, files, more_files: more }: Extract<Clipboard, { type: "offer" }>): void {
    this.#incoming = null;
    const wanted = request === 0 ? this.autoFrom : this.#asked && request === this.#request;
    if (!this.fromCustomer || !wanted) return this.#parts.send({ type: "refused", transfer, why: "not_allowed" });
    if (request !== 0) this.#asked = false;
    this.#held = null;
    if (files.length > 0) {
      this.from = { state: "files", names: files, more };
      return this.#parts.send({ type: "taken", transfer });
    }
    const known = parts.flatMap(({ format, size }) => (isFormat(format) ? [{ format, size }] : []));
    const size = known.reduce((sum, part) => sum + part.size, 0);
    if (known.length !== parts.length || size === 0) {
      this.from = { state: "refused", why: "format" };
      return this.#parts.send({ type: "refused", transfer, why: "format" });
    }
    const open = Math.min(size, CLIPBOARD.window);
    this.#incoming = { transfer, parts: known, bytes: new Uint8Array(size), at: 0, open };
    this.from = { state: "moving", done: 0, size };
    this.#parts.send({ type: "credit", transfer, bytes: open });
  }

  #piece(transfer: number, bytes: Uint8Array): void {
    const incoming = this.#incoming;
    if (incoming?.transfer !== transfer) return;
    if (bytes.length > incoming.open) return this.#broken(incoming);
    incoming.bytes.set(bytes, incoming.at);
    incoming.at += bytes.length;
    incoming.open -= bytes.length;
    const left = incoming.bytes.length - incoming.at;
    if (left > 0) {
      const more = Math.min(left, CLIPBOARD.window) - incoming.open;
      // The rest is granted at once as soon as it fits.
      if (more > 0 && (more >= CLIPBOARD.window / 2 || left <= CLIPBOARD.window)) {
        incoming.open += more;
        this.#parts.send({ type: "credit", transfer, bytes: more });
      }
      this.from = { state: "moving", done: incoming.at, size: incoming.bytes.length };
      return;
    }
    this.#incoming = null;
    let at = 0;
    const parts = incoming.parts.map(({ format, size }) => ({ format, bytes: incoming.bytes.slice(at, (at += size)) }));
    if (parts.some(({ format, bytes: part }) => !isGenuine(format, part))) return this.#broken(incoming);
    this.#parts.send({ type: "taken", transfer });
    this.#held = { parts };
    void this.putThere();
  }

  /** Content that is not what it claims to be touches no clipboard. */
  #broken({ transfer }: Incoming): void {
    this.#incoming = null;
    this.from = { state: "refused", why: "broken" };
    this.#parts.send({ type: "refused", transfer, why: "format" });
  }
}

function sizeOf({ parts }: Content): number {
  return parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function why(error: unknown): RefusalWhy {
  return error instanceof ClipboardRefusal ? error.why : "failed";
}
