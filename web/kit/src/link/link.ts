import type { Composer } from "../screen/wasm";
import { CLOSE, STREAM, type MediaOffer } from "../types";

export { CLOSE, STREAM };
export type Stream = (typeof STREAM)[keyof typeof STREAM];
/** Whether there is a stream of this number; those of a newer version are passed over. */
export function isStream(number: number | undefined): number is Stream {
  return number !== undefined && (Object.values(STREAM) as number[]).includes(number);
}
/** Streams that a QUIC carrier opens; pointer positions go as datagrams. */
export const ORDERED: readonly Stream[] = [
  STREAM.control,
  STREAM.input,
  STREAM.screen,
  STREAM.chat,
  STREAM.clipboard,
  STREAM.files,
  STREAM.diagnostics,
];

/** What carries the bytes. `native` is the desktop console's, whose link runs in Rust. */
export type CarrierKind = "webtransport" | "websocket" | "native";

/** What a link tells its owner. */
export interface LinkSink {
  /**
   * A carrier stands. `again` is set when another carrier stood a moment ago; `udpBlocked` is known of the native one,
   * which chooses between QUIC and the WebSocket itself.
   */
  connected(carrier: CarrierKind, again: boolean, udpBlocked?: boolean): void;
  message(stream: Stream, message: Uint8Array): void;
  /** No carrier stands now; the link goes on trying. */
  lost(why: string): void;
  /** The link wants a fresh ticket: answer with {@link Link.renew}. */
  wantsOffer(): void;
  /** The service does not want this participant any more; the link has stopped. */
  refused(code: number, why: string): void;
}

/**
 * The way to the media service, the same for the browser's own carriers and for the desktop console, where Rust holds
 * the connection. It lives where the renderer lives, so that no byte makes a detour through the page.
 */
export interface Link {
  open(offer: MediaOffer): void;
  renew(offer: MediaOffer): void;
  /** Never blocks. False when nothing carries it now. */
  send(stream: Stream, message: Uint8Array): boolean;
  /** The same for a message of the files' stream, from its body, where a link makes that message itself. */
  sendBody?(composer: Composer, body: Uint8Array): boolean;
  /** Whether a pointer position handed over now would leave at once. */
  readyForPointer(): boolean;
  /** Nothing has come for longer than it should: try whether another way is better, without giving this one up. */
  suspect(): void;
  close(): void;
}

/** A connection that stands and is let in. */
export interface Line {
  readonly kind: CarrierKind;
  send(stream: Stream, message: Uint8Array): void;
  readyForPointer(): boolean;
  close(): void;
}

export interface LineSink {
  message(stream: Stream, message: Uint8Array): void;
  closed(code: number | null, why: string): void;
}

/** A connection that stands but has not shown its ticket. */
export interface Dialled {
  readonly kind: CarrierKind;
  /** Shows the ticket; resolves when the service lets the participant in. */
  enter(ticket: string, sink: LineSink): Promise<Line>;
  abandon(): void;
}

/** Resolves when the connection stands. Rejects with an `Error` or, for a code of the service, a {@link Refusal}. */
export type Dialler = (offer: MediaOffer, signal: AbortSignal) => Promise<Dialled>;

export class Refusal extends Error {
  readonly code: number;
  constructor(code: number, why: string) {
    super(why);
    this.code = code;
  }
}

/** Timers as an argument, so that tests move the clock themselves. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): () => void;
}

export const wallClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
