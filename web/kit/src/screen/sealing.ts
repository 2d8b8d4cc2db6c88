import type { Clock, Link, Stream } from "../link/link";
import { STREAM, reason, wallClock } from "../link/link";
import type { SealNames, SealSecret, SealState, SealView } from "../session/seal";
import type { FromWorker } from "./messages";
import { ConsoleEnd, type Composer, type Piece } from "./wasm";

/** Random bytes that each input of the hand-shake takes. */
const RANDOM = 80;
/** From this length on WebCrypto opens a message sooner than the module does, promise included (docs/performance.md). */
const LONG = 2_048;
/** Bytes that a message's heads and the number of its key do not exceed. */
const FRONT = 64;
/** AES-GCM's tag, in bits. */
const TAG_BITS = 128;

/** What {@link ConsoleEnd.next} gives. */
type Next =
  | { type: "send"; message: Uint8Array }
  | { type: "sealed"; technician: string; organisation: string; customer: string }
  | { type: "keys"; epoch: number }
  | { type: "wrong_secret"; left: number }
  | { type: "tampered"; what: string | null }
  | { type: "void" }
  | { type: "other_stopped"; why: "wrong_secret" | "tampered" | "void" };

/** What {@link ConsoleEnd.nextReceipt} gives. */
export type ReceiptNext =
  | { type: "sign"; answer: Uint8Array; kept: Uint8Array; file: Uint8Array; number: string; ended: boolean }
  | { type: "refused"; why: string };

export interface SealSink {
  /** A clear message of the agent. */
  message(stream: Stream, message: Uint8Array): void;
  /** There are keys of a new hand-shake: what was said before may have been heard by nobody. */
  keys(): void;
  /** What to do about the receipt. */
  receipt(next: ReceiptNext): void;
  tell(message: FromWorker): void;
}

/** Messages that go in their order, whoever is done with them first. */
interface Lane {
  last: Promise<void>;
  waiting: number;
}

const lane = (): Lane => ({ last: Promise.resolve(), waiting: 0 });

/** What nobody shares, as WebCrypto wants it; it takes its own copy at once. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}

/** Between renderer and link: seals what goes, opens what comes. The keys never leave the worker. */
export class Sealing implements Link {
  readonly #end: ConsoleEnd;
  readonly #link: Link;
  readonly #sink: SealSink;
  #keys = false;
  #meddled = false;
  #left: number;
  #names: SealNames | null = null;
  #closed = false;
  /** Messages that wait for a long one before them, or are long, in their order. */
  readonly #opening = { all: lane(), files: lane() };
  /** The same, on their way to the agent. */
  readonly #closing = lane();
  #cancelDue: () => void = () => {};
  readonly #imported = new Map<string, Promise<CryptoKey>>();

  constructor(
    secret: SealSecret,
    link: Link,
    sink: SealSink,
    readonly clock: Clock = wallClock,
  ) {
    this.#end = new ConsoleEnd(secret.seed, secret.digits, secret.link, secret.resumption ?? new Uint8Array(), secret.left);
    this.#left = secret.left;
    this.#link = link;
    this.#sink = sink;
  }

  /** What the service says of the session; both ends must see the same. */
  view(view: SealView): void {
    const { session, agent, console, technician, customer, version } = view;
    this.#end.view(session, agent, console, technician.name, technician.organisation, customer.name, customer.organisation, version);
    this.#drain();
  }

  /** What this console signed of the receipt before it was loaded again; before the first hand-shake. */
  resumeReceipt(kept: Uint8Array): void {
    this.#end.resumeReceipt(kept);
  }

  /** The way to the agent stands, for the first time or again. */
  linkUp(): void {
    this.#end.linkUp();
    // The ends shake hands anew, and nobody here knows which keys the other has until then.
    this.#end.renewing(this.clock.now());
    this.#drain();
  }

  /** The agent is not there any more. */
  gone(): void {
    this.#end.gone();
    this.#drain();
  }

  /**
   * A message came over the link. What follows a long one waits for it, so that all keep their order; files wait for
   * nothing but files, and nothing waits for them.
   */
  take(stream: Stream, message: Uint8Array): void {
    const files = stream === STREAM.files;
    const lane = files ? this.#opening.files : this.#opening.all;
    const long = (files || stream === STREAM.screen) && message.length >= LONG;
    if (!long && lane.waiting === 0) return this.#take(stream, message);
    const opened = long ? this.#decipher(stream, message) : null;
    this.#inTurn(lane, opened, (done) => {
      if (done) this.#finish(stream, message, done);
      else this.#take(stream, message);
    });
  }

  #inTurn<T>(lane: Lane, comes: Promise<T> | T, then: (value: T) => void): void {
    lane.waiting += 1;
    lane.last = lane.last
      .then(async () => {
        const value = await comes;
        lane.waiting -= 1;
        if (!this.#closed) then(value);
      })
      // What went wrong with one holds up none behind it.
      .catch((error: unknown) => console.warn("a message was lost:", reason(error)));
  }

  /** Has WebCrypto open a message; null when that is not for it. */
  #decipher(stream: Stream, message: Uint8Array): Promise<{ piece: Piece; text: Uint8Array | undefined }> | null {
    let piece: Piece | undefined;
    try {
      // What is to be known of it stands at its front.
      piece = this.#end.prepare(stream, message.subarray(0, FRONT));
    } catch {
      // The module says what is wrong with it, in its turn.
      return null;
    }
    if (!piece) return null;
    const { start, nonce } = piece;
    const [head, sealed] = [own(message.subarray(0, start)), own(message.subarray(start))];
    return this.#key(stream, piece, "decrypt", () => this.#end.key(stream, piece.epoch))
      .then((key) => crypto.subtle.decrypt({ name: "AES-GCM", iv: own(nonce), additionalData: head, tagLength: TAG_BITS }, key, sealed))
      .then(
        (text) => ({ piece, text: new Uint8Array(text) }),
        () => ({ piece, text: undefined }),
      );
  }

  /** The newest keys of a stream, as WebCrypto has them. They cannot be taken out of it again. */
  #key(stream: Stream, { generation, epoch }: Piece, use: "encrypt" | "decrypt", bytes: () => Uint8Array | undefined): Promise<CryptoKey> {
    const kind = `${use} ${stream} `;
    const name = `${kind}${generation} ${epoch}`;
    const known = this.#imported.get(name);
    if (known) return known;
    const raw = bytes();
    if (!raw) return Promise.reject(new Error("the key is not here any more"));
    const key = crypto.subtle.importKey("raw", own(raw), "AES-GCM", false, [use]);
    // Beside the newest one only the key before it may still be needed.
    const older = [...this.#imported.keys()].filter((name) => name.startsWith(kind));
    for (const name of older.slice(0, -1)) this.#imported.delete(name);
    this.#imported.set(name, key);
    return key;
  }

  /** A long message was opened, or was not genuine. */
  #finish(stream: Stream, message: Uint8Array, { piece, text }: { piece: Piece; text: Uint8Array | undefined }): void {
    try {
      const clear = this.#end.finish(stream, piece, message, text);
      if (clear) this.#sink.message(stream, clear);
    } catch (error) {
      this.#refuse(error);
    } finally {
      piece.free();
    }
  }

  #refuse(error: unknown): void {
    console.warn("a message was refused:", reason(error));
    if (!this.#meddled && this.#end.meddled()) {
      this.#meddled = true;
      this.#sink.tell({ type: "refused" });
    }
  }

  #take(stream: Stream, message: Uint8Array): void {
    let clear: Uint8Array | undefined;
    try {
      clear = this.#end.incoming(stream, message, crypto.getRandomValues(new Uint8Array(RANDOM)));
    } catch (error) {
      return this.#refuse(error);
    }
    if (clear) {
      this.#sink.message(stream, clear);
      return this.#receipts();
    }
    this.#drain();
    this.#said();
    for (let waited = this.#end.waited(); waited; waited = this.#end.waited()) {
      this.#sink.message(waited[0] as Stream, waited.subarray(1));
    }
    this.#receipts();
  }

  send(stream: Stream, message: Uint8Array): boolean {
    if (stream === STREAM.files && message.length >= LONG) {
      const piece = this.#end.sayElsewhere(stream, message, this.clock.now());
      if (piece) {
        this.#inTurn(this.#closing, this.#encipher(stream, piece), (sealed) => sealed && this.#link.send(stream, sealed));
        return true;
      }
    }
    const sealed = this.#end.say(stream, message, this.clock.now());
    if (sealed && stream === STREAM.files && this.#closing.waiting > 0) {
      this.#inTurn(this.#closing, sealed, (sealed) => this.#link.send(stream, sealed));
      return true;
    }
    if (sealed) return this.#link.send(stream, sealed);
    this.#cancelDue();
    const due = this.#end.due();
    if (due === undefined) return false;
    // It waits for the keys of a hand-shake that has begun anew.
    if (due <= this.clock.now()) this.#said();
    else this.#cancelDue = this.clock.after(Math.max(0, due - this.clock.now()), () => this.#said());
    return true;
  }

  sendBody(composer: Composer, body: Uint8Array): boolean {
    const piece = body.length >= LONG ? this.#end.sayBody(composer, body, this.clock.now()) : undefined;
    if (!piece) return this.send(STREAM.files, composer.fileBody(body));
    this.#inTurn(this.#closing, this.#encipher(STREAM.files, piece), (sealed) => sealed && this.#link.send(STREAM.files, sealed));
    return true;
  }

  /** Has WebCrypto seal a message: what goes on the wire. Null where it cannot; then the message is lost, as on a link. */
  async #encipher(stream: Stream, piece: Piece): Promise<Uint8Array | null> {
    const nonce = own(piece.nonce);
    const [head, text] = [own(piece.head()), own(piece.text())];
    const key = this.#key(stream, piece, "encrypt", () => this.#end.keyUp(stream));
    piece.free();
    try {
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: head, tagLength: TAG_BITS }, await key, text);
      const out = new Uint8Array(head.length + sealed.byteLength);
      out.set(head);
      out.set(new Uint8Array(sealed), head.length);
      return out;
    } catch (error) {
      console.warn("a message was not sealed:", reason(error));
      return null;
    }
  }

  /** Sends what waited for keys. */
  #said(): void {
    if (this.#closed) return;
    const now = this.clock.now();
    for (let said = this.#end.said(now); said; said = this.#end.said(now)) this.#link.send(said[0] as Stream, said.subarray(1));
  }

  open(...offer: Parameters<Link["open"]>): void {
    this.#link.open(...offer);
  }

  renew(...offer: Parameters<Link["renew"]>): void {
    this.#link.renew(...offer);
  }

  readyForPointer(): boolean {
    return this.#link.readyForPointer();
  }

  suspect(): void {
    this.#link.suspect();
  }

  close(): void {
    this.#closed = true;
    this.#cancelDue();
    this.#link.close();
    this.#end.free();
  }

  #receipts(): void {
    for (let next = this.#end.nextReceipt() as ReceiptNext | undefined; next; next = this.#end.nextReceipt() as ReceiptNext | undefined) {
      this.#sink.receipt(next);
    }
  }

  #drain(): void {
    const left = this.#end.left();
    if (left !== this.#left) {
      this.#left = left;
      this.#sink.tell({ type: "seal_left", left });
    }
    const state = (state: SealState): void => this.#sink.tell({ type: "seal", state, names: null });
    for (;;) {
      const next = this.#end.next() as Next | undefined;
      if (!next) return;
      switch (next.type) {
        case "send":
          this.#link.send(0, next.message);
          break;
        case "sealed": {
          // Another pair of keys: what is on its way under the last one is lost.
          this.#keys = false;
          const { technician, organisation, customer } = next;
          this.#names = { technician, organisation, customer };
          this.#sink.tell({ type: "seal_met", names: this.#names });
          const resumption = this.#end.resumption();
          if (resumption) this.#sink.tell({ type: "seal_resumption", resumption });
          break;
        }
        case "keys":
          if (!this.#keys) {
            this.#keys = true;
            this.#sink.keys();
            this.#sink.tell({ type: "seal", state: "on", names: this.#names });
          }
          break;
        case "wrong_secret":
          state(next.left === 0 ? "void" : "wrong_secret");
          break;
        case "void":
          state("void");
          break;
        case "tampered":
          state("tampered");
          break;
        case "other_stopped":
          state(next.why === "tampered" ? "tampered" : "wrong_secret");
          break;
      }
    }
  }
}
