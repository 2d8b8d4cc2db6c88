import type { Link, Stream } from "../link/link";
import { reason } from "../link/link";
import type { SealSecret, SealView } from "../session/seal";
import type { FromWorker } from "./messages";
import { ConsoleEnd } from "./wasm";

/** Random bytes that each input of the hand-shake takes. */
const RANDOM = 80;

/** What {@link ConsoleEnd.next} gives. */
type Next =
  | { type: "send"; message: Uint8Array }
  | { type: "sealed" }
  | { type: "keys"; epoch: number }
  | { type: "wrong_secret"; left: number }
  | { type: "tampered"; what: string | null }
  | { type: "void" }
  | { type: "other_stopped"; why: "wrong_secret" | "tampered" | "void" };

export interface SealSink {
  /** A clear message of the agent. */
  message(stream: Stream, message: Uint8Array): void;
  /** There are keys of a new hand-shake: what was said before may have been heard by nobody. */
  keys(): void;
  tell(message: FromWorker): void;
}

/** Between renderer and link: seals what goes, opens what comes. The keys never leave the worker. */
export class Sealing implements Link {
  readonly #end: ConsoleEnd;
  readonly #link: Link;
  readonly #sink: SealSink;
  #keys = false;

  constructor(secret: SealSecret, link: Link, sink: SealSink) {
    this.#end = new ConsoleEnd(secret.seed, "", secret.link, secret.resumption ?? new Uint8Array());
    this.#link = link;
    this.#sink = sink;
  }

  /** What the service says of the session; both ends must see the same. */
  view(view: SealView): void {
    const { session, agent, console, technician, customer, version } = view;
    this.#end.view(session, agent, console, technician.name, technician.organisation, customer.name, customer.organisation, version);
    this.#drain();
  }

  /** The way to the agent stands, for the first time or again. */
  linkUp(): void {
    this.#end.linkUp();
    this.#drain();
  }

  /** A message came over the link. */
  take(stream: Stream, message: Uint8Array): void {
    let clear: Uint8Array | undefined;
    try {
      clear = this.#end.incoming(stream, message, crypto.getRandomValues(new Uint8Array(RANDOM)));
    } catch (error) {
      console.warn("a message was refused:", reason(error));
      return;
    }
    if (clear) return this.#sink.message(stream, clear);
    this.#drain();
    for (let waited = this.#end.waited(); waited; waited = this.#end.waited()) {
      this.#sink.message(waited[0] as Stream, waited.subarray(1));
    }
  }

  send(stream: Stream, message: Uint8Array): boolean {
    const sealed = this.#end.outgoing(stream, message);
    return sealed !== undefined && this.#link.send(stream, sealed);
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
    this.#link.close();
    this.#end.free();
  }

  #drain(): void {
    for (;;) {
      const next = this.#end.next() as Next | undefined;
      if (!next) return;
      switch (next.type) {
        case "send":
          this.#link.send(0, next.message);
          break;
        case "sealed":
          // Another pair of keys: what is on its way under the last one is lost.
          this.#keys = false;
          this.#sink.tell({ type: "seal", state: "on", resumption: this.#end.resumption() ?? null });
          break;
        case "keys":
          if (!this.#keys) {
            this.#keys = true;
            this.#sink.keys();
          }
          break;
        case "wrong_secret":
        case "void":
          this.#sink.tell({ type: "seal", state: "wrong_secret", resumption: null });
          break;
        case "tampered":
          this.#sink.tell({ type: "seal", state: "tampered", resumption: null });
          break;
        case "other_stopped":
          this.#sink.tell({ type: "seal", state: next.why === "tampered" ? "tampered" : "wrong_secret", resumption: null });
          break;
      }
    }
  }
}
