import { CLOSE, ORDERED, Refusal, STREAM, reason, wallClock, type Dialled, type Dialler, type Line, type LineSink, type Stream } from "./link";
import type { MediaOffer } from "../types";
import type { Origin } from "./websocket";

const ANSWER_MS = 5_000;
/** Copies of messages that were sent twice: `stream u8 | index u32 | message`. */
const COPY_HEAD = 5;

/** What the wasm module does for a carrier: cutting, sorting and sending twice is written once, in Rust. */
export interface Framing {
  frame(message: Uint8Array): Uint8Array;
  reader(stream: Stream): FrameReader;
  reorder(): Reorder;
  doubler(stream: Stream): Doubler;
  /** Bytes from which on a message is not sent twice. */
  readonly tooLong: number;
}
/** Cuts the bytes of a stream into messages. */
export interface FrameReader {
  push(bytes: Uint8Array): void;
  next(): Uint8Array | undefined;
}
/** Gives each message once and in order, whichever copy came first. */
export interface Reorder {
  fromStream(message: Uint8Array): void;
  /** A message of the stream that the caller keeps, as all before it are delivered: whether it is the next. */
  kept(): boolean;
  fromDatagram(index: number, message: Uint8Array): void;
  next(): Uint8Array | undefined;
}
/** Says which messages go again as a datagram, and when. */
export interface Doubler {
  sent(message: Uint8Array, now: number): void;
  /** One that is too long was sent. */
  passed(): void;
  dueAt(): number | undefined;
  due(now: number): Uint8Array | undefined;
}

export function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return out;
}

/** The address of the WebTransport session. */
export function webTransportUrl(offer: MediaOffer, origin: Origin): string {
  return `https://${offer.host ?? origin.hostname}:${offer.port}${offer.webtransport_path}`;
}

function refusal(error: unknown, fallback: string): Error {
  return error instanceof Error ? error : new Error(fallback);
}

/** Null where the browser has no WebTransport. */
export function webTransportDialler(origin: Origin, framing: Framing): Dialler | null {
  if (typeof WebTransport === "undefined") return null;
  return async (offer, signal) => {
    const transport = new WebTransport(webTransportUrl(offer, origin), {
      congestionControl: "low-latency",
      serverCertificateHashes: offer.certificate_sha256.map((hash) => ({ algorithm: "sha-256", value: hexBytes(hash) })),
    });
    const abort = (): void => transport.close();
    signal.addEventListener("abort", abort, { once: true });
    // A refusal comes on `closed` as well; it must not be an unhandled rejection while only `ready` is awaited.
    transport.closed.catch(() => undefined);
    await transport.ready;
    signal.removeEventListener("abort", abort);
    return {
      kind: "webtransport",
      enter: (ticket, sink) => new WebTransportLine(transport, framing, sink).enter(ticket),
      abandon: () => transport.close(),
    } satisfies Dialled;
  };
}

interface Lane {
  writer: WritableStreamDefaultWriter<Uint8Array>;
  reorder: Reorder;
  doubler: Doubler;
  cancel: () => void;
}

class WebTransportLine implements Line {
  readonly kind = "webtransport";
  readonly #transport: WebTransport;
  readonly #framing: Framing;
  readonly #sink: LineSink;
  readonly #lanes = new Map<Stream, Lane>();
  readonly #datagrams: WritableStreamDefaultWriter<Uint8Array>;
  #inside = false;
  #over = false;

  constructor(transport: WebTransport, framing: Framing, sink: LineSink) {
    this.#transport = transport;
    this.#framing = framing;
    this.#sink = sink;
    const { datagrams } = transport;
    // A datagram that could not leave at once is of no use later.
    datagrams.outgoingMaxAge = 100;
    datagrams.incomingHighWaterMark = 256;
    datagrams.outgoingHighWaterMark = 8;
    // The newer standard makes the writable on request.
    const { createWritable } = datagrams as { createWritable?: () => WritableStream<Uint8Array> };
    this.#datagrams = (createWritable?.call(datagrams) ?? datagrams.writable).getWriter();
    this.#datagrams.closed.catch(() => undefined);
  }

  async enter(ticket: string): Promise<Line> {
    const timer = setTimeout(() => this.#transport.close({ closeCode: CLOSE.noTicket, reason: "no answer" }), ANSWER_MS);
    try {
      const streams = await Promise.all(ORDERED.map(() => this.#transport.createBidirectionalStream()));
      const accepted = new Promise<void>((resolve, reject) => {
        streams.forEach((duplex, at) => {
          const stream = ORDERED[at] ?? STREAM.control;
          const writer = duplex.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>;
          writer.closed.catch(() => undefined);
          this.#lanes.set(stream, {
            writer,
            reorder: this.#framing.reorder(),
            doubler: this.#framing.doubler(stream),
            cancel: () => {},
          });
          this.#write(writer, Uint8Array.of(stream));
          if (stream === STREAM.control) this.#write(writer, this.#framing.frame(new TextEncoder().encode(ticket)));
          void this.#read(stream, duplex.readable as ReadableStream<Uint8Array>, resolve).catch(reject);
        });
        void this.#readDatagrams();
        this.#transport.closed.then(
          (info) => reject(new Refusal(info.closeCode ?? CLOSE.ended, info.reason ?? "")),
          (error: unknown) => reject(refusal(error, "the connection closed")),
        );
      });
      await accepted;
    } finally {
      clearTimeout(timer);
    }
    this.#inside = true;
    this.#transport.closed.then(
      (info) => this.#closed(info.closeCode ?? null, info.reason || "the connection closed"),
      (error: unknown) => this.#closed(null, reason(error)),
    );
    return this;
  }

  send(stream: Stream, message: Uint8Array): void {
    if (this.#over) return;
    if (stream === STREAM.pointer) {
      const datagram = new Uint8Array(message.length + 1);
      datagram[0] = stream;
      datagram.set(message, 1);
      this.#write(this.#datagrams, datagram);
      return;
    }
    const lane = this.#lanes.get(stream);
    if (!lane) return;
    this.#write(lane.writer, this.#framing.frame(message));
    if (message.length >= this.#framing.tooLong) return lane.doubler.passed();
    lane.doubler.sent(message, performance.now());
    this.#double(stream, lane);
  }

  readyForPointer(): boolean {
    return !this.#over && (this.#datagrams.desiredSize ?? 0) > 0;
  }

  close(): void {
    this.#over = true;
    for (const lane of this.#lanes.values()) lane.cancel();
    this.#transport.close({ closeCode: CLOSE.ended, reason: "" });
  }

  #closed(code: number | null, why: string): void {
    for (const lane of this.#lanes.values()) lane.cancel();
    if (this.#over) return;
    this.#over = true;
    this.#sink.closed(code, why);
  }

  #write(writer: WritableStreamDefaultWriter<Uint8Array>, bytes: Uint8Array): void {
    // A failed write means a closed connection, which `closed` reports.
    writer.write(bytes).catch(() => undefined);
  }

  #double(stream: Stream, lane: Lane): void {
    lane.cancel();
    const dueAt = lane.doubler.dueAt();
    if (dueAt === undefined) return;
    lane.cancel = wallClock.after(Math.max(0, dueAt - performance.now()), () => {
      const now = performance.now();
      for (let copy = lane.doubler.due(now); copy; copy = lane.doubler.due(now)) this.#write(this.#datagrams, copy);
      this.#double(stream, lane);
    });
  }

  async #read(stream: Stream, readable: ReadableStream<Uint8Array>, accepted: () => void): Promise<void> {
    const reader = readable.getReader();
    const frames = this.#framing.reader(stream);
    const lane = this.#lanes.get(stream);
    let answered = stream !== STREAM.control;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        frames.push(value);
        for (let message = frames.next(); message; message = frames.next()) {
          if (answered) {
            if (lane) this.#took(stream, lane, message);
          } else {
            answered = true;
            accepted();
          }
        }
        this.#deliver(stream, lane);
      }
    } catch (error) {
      // Bytes that are no frames: this connection is of no use any more.
      if (!this.#over && this.#inside) this.#transport.close({ closeCode: CLOSE.protocol, reason: "" });
      throw error;
    }
  }

  /** A long message comes once: it need not go through the module again. */
  #took(stream: Stream, lane: Lane, message: Uint8Array): void {
    if (message.length < this.#framing.tooLong) return lane.reorder.fromStream(message);
    this.#deliver(stream, lane);
    if (lane.reorder.kept()) this.#sink.message(stream, message);
  }

  #deliver(stream: Stream, lane: Lane | undefined): void {
    for (let message = lane?.reorder.next(); message; message = lane?.reorder.next()) this.#sink.message(stream, message);
  }

  async #readDatagrams(): Promise<void> {
    const reader = (this.#transport.datagrams.readable as ReadableStream<Uint8Array>).getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const stream = ORDERED.find((ordered) => ordered === value[0]);
        const lane = stream === undefined ? undefined : this.#lanes.get(stream);
        if (stream === undefined || !lane || value.length <= COPY_HEAD) continue;
        const index = new DataView(value.buffer, value.byteOffset).getUint32(1);
        lane.reorder.fromDatagram(index, value.subarray(COPY_HEAD));
        this.#deliver(stream, lane);
      }
    } catch {
      // The connection closed; `closed` reports it.
    }
  }
}
