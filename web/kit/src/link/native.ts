import { CLOSE, isStream, type Clock, type Link, type LinkSink, type Stream } from "./link";
import type { FromLink, ToLink } from "../desktop/bindings";
import type { MediaOffer } from "../types";

/** The way into the desktop console's link: a WebSocket of this machine that opens once. */
export interface Door {
  port: number;
  token: string;
}

/** Bytes that are taken in before Rust is told so. It stops sending when it has not been told for ten times as many. */
const TELL_EVERY = 192 * 1024;
/** Pointer positions wait for the next one while more than this waits in the socket. */
const POINTER_BACKLOG = 4 * 1024;
/** First bytes of a picture to be decoded in Rust, and of the answer. */
const DECODE = 0xf0;
const DECODED = 0xf1;
/** Bytes before the planes of an answer. */
const DECODED_HEAD = 9;
/** A door that closed is asked for again after so long. */
const AGAIN_MS = 500;

/** A decoded picture: the planes of I420 without padding. */
export interface Planes {
  width: number;
  height: number;
  data: Uint8Array<ArrayBuffer>;
}

/** The part of a WebSocket that is used here. */
export type DoorSocket = Pick<
  WebSocket,
  "send" | "close" | "onopen" | "onmessage" | "onclose" | "binaryType" | "bufferedAmount"
>;

/**
 * The link of the desktop console: Rust holds the connection, and its bytes come by a WebSocket of this machine that the
 * worker opens itself. Which carrier it is, and when to try another, is decided there.
 */
export class NativeLink implements Link {
  #socket: DoorSocket | null = null;
  #up = false;
  #everUp = false;
  #closed = false;
  #taken = 0;
  #door: Door | null;
  #offer: MediaOffer | null = null;
  #cancel: () => void = () => {};
  #decodes = 0;
  readonly #decoding = new Map<number, (planes: Planes | null) => void>();
  readonly #sink: LinkSink;
  readonly #askForDoor: () => void;
  readonly #clock: Clock;
  readonly #dial: (url: string) => DoorSocket;

  constructor(
    door: Door,
    sink: LinkSink,
    askForDoor: () => void,
    clock: Clock,
    dial: (url: string) => DoorSocket = (url) => new WebSocket(url),
  ) {
    this.#door = door;
    this.#sink = sink;
    this.#askForDoor = askForDoor;
    this.#clock = clock;
    this.#dial = dial;
  }

  open(offer: MediaOffer): void {
    this.#offer = offer;
    this.#enter();
  }

  renew(offer: MediaOffer): void {
    this.#offer = offer;
    if (this.#closed) return;
    if (this.#socket) this.#tell({ type: "renew", offer });
    else this.#enter();
  }

  /** Another way in, after the one before closed. */
  reopen(door: Door): void {
    if (this.#closed || this.#socket) return;
    this.#door = door;
    // The ticket of before may be used up.
    this.#sink.wantsOffer();
  }

  send(stream: Stream, message: Uint8Array): boolean {
    if (!this.#up || !this.#socket) return false;
    const out = new Uint8Array(message.length + 1);
    out[0] = stream;
    out.set(message, 1);
    this.#socket.send(out);
    return true;
  }

  readyForPointer(): boolean {
    return this.#up && (this.#socket?.bufferedAmount ?? 0) < POINTER_BACKLOG;
  }

  /** Has Rust decode a picture of H.264. Null when it gives none. */
  decode(data: Uint8Array): Promise<Planes | null> {
    if (!this.#socket) return Promise.resolve(null);
    const number = (this.#decodes = (this.#decodes + 1) >>> 0);
    const out = new Uint8Array(data.length + 5);
    out[0] = DECODE;
    new DataView(out.buffer).setUint32(1, number);
    out.set(data, 5);
    this.#socket.send(out);
    return new Promise((resolve) => this.#decoding.set(number, resolve));
  }

  /** Rust watches over its carriers by itself. */
  suspect(): void {}

  close(): void {
    this.#closed = true;
    this.#up = false;
    this.#cancel();
    this.#forget();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** What was to be decoded never will be. */
  #forget(): void {
    for (const resolve of this.#decoding.values()) resolve(null);
    this.#decoding.clear();
  }

  #enter(): void {
    const door = this.#door;
    const offer = this.#offer;
    // A key opens once.
    this.#door = null;
    if (!door || !offer || this.#socket) return;
    const socket = this.#dial(`ws://127.0.0.1:${door.port}/`);
    this.#socket = socket;
    this.#taken = 0;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      socket.send(door.token);
      this.#tell({ type: "open", offer: this.#offer ?? offer });
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (this.#socket !== socket) return;
      if (event.data instanceof ArrayBuffer) this.#message(new Uint8Array(event.data));
      else if (typeof event.data === "string") this.#said(JSON.parse(event.data) as FromLink);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#up = false;
      this.#forget();
      if (this.#closed) return;
      this.#sink.lost("the way to the program closed");
      this.#cancel = this.#clock.after(AGAIN_MS, () => this.#askForDoor());
    };
  }

  #message(bytes: Uint8Array): void {
    const stream = bytes[0];
    if (stream === DECODED) this.#decoded(bytes);
    else if (isStream(stream)) this.#sink.message(stream, bytes.subarray(1));
    this.#taken += bytes.length;
    if (this.#taken < TELL_EVERY) return;
    this.#tell({ type: "taken", bytes: this.#taken });
    this.#taken = 0;
  }

  #decoded(bytes: Uint8Array): void {
    if (bytes.length < DECODED_HEAD) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const number = view.getUint32(1);
    const [width, height] = [view.getUint16(5), view.getUint16(7)];
    const data = bytes.slice(DECODED_HEAD);
    const whole = width > 0 && data.length === (width * height * 3) / 2;
    this.#decoding.get(number)?.(whole ? { width, height, data } : null);
    this.#decoding.delete(number);
  }

  #said(news: FromLink): void {
    switch (news.type) {
      case "connected": {
        this.#up = true;
        const again = this.#everUp;
        this.#everUp = true;
        return this.#sink.connected("native", again, news.udp_blocked);
      }
      case "lost":
        this.#up = false;
        return this.#sink.lost(news.why);
      case "offer_needed":
        return this.#sink.wantsOffer();
      case "refused":
        this.close();
        return this.#sink.refused(news.code === CLOSE.replaced ? CLOSE.replaced : CLOSE.ended, news.why);
    }
  }

  #tell(word: ToLink): void {
    this.#socket?.send(JSON.stringify(word));
  }
}
