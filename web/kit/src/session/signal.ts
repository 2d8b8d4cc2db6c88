import { reason, type Clock } from "../link/link";
import { CLOSE, VERSIONS, type FromService, type ToService } from "../types";

const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 8_000] as const;
const PING_MS = 20_000;
/** An unanswered ping means that the socket is dead without knowing it. */
const ANSWER_MS = 8_000;

/** The part of a WebSocket that is used here. */
export type Socket = Pick<WebSocket, "send" | "close" | "onopen" | "onmessage" | "onclose">;

export interface SignalSink {
  open(): void;
  message(message: FromService): void;
  lost(): void;
  /** The service said for good why it closes; there is no further attempt. */
  over(): void;
  /** Another page of the same person took this one's place; there is no further attempt. */
  replaced(): void;
}

/** With this code the service closes a socket whose place another one took. */
const REPLACED = 4000 + CLOSE.replaced;

/** A session's socket: opens, says hello, comes back after a loss, and notices when nobody answers any more. */
export class Signal {
  #socket: Socket | null = null;
  #open = false;
  #over = false;
  #retries = 0;
  #nonce = 0;
  #cancel: () => void = () => {};
  #cancelPing: () => void = () => {};
  readonly #dial: () => Socket;
  readonly #sink: SignalSink;
  readonly #clock: Clock;
  readonly #program: string;

  constructor(dial: () => Socket, program: string, sink: SignalSink, clock: Clock) {
    this.#dial = dial;
    this.#program = program;
    this.#sink = sink;
    this.#clock = clock;
  }

  start(): void {
    if (this.#over) return;
    let socket: Socket;
    try {
      socket = this.#dial();
    } catch (error) {
      console.error("the socket could not be opened:", reason(error));
      return this.#again();
    }
    this.#socket = socket;
    socket.onopen = () => {
      this.#open = true;
      this.send({ type: "hello", versions: VERSIONS, program: this.#program });
      this.#sink.open();
      this.#pingLater();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === "string") this.#message(event.data);
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#open = false;
      this.#cancelPing();
      if (this.#over) return;
      if (event.code === REPLACED) {
        this.#over = true;
        return this.#sink.replaced();
      }
      this.#sink.lost();
      this.#again();
    };
  }

  send(message: ToService): void {
    if (this.#open) this.#socket?.send(JSON.stringify(message));
  }

  /** The network may be back: tries at once. */
  hurry(): void {
    if (this.#socket || this.#over) return;
    this.#cancel();
    this.start();
  }

  close(): void {
    this.#over = true;
    this.#cancel();
    this.#cancelPing();
    this.#socket?.close();
    this.#socket = null;
  }

  #message(text: string): void {
    let message: FromService;
    try {
      message = JSON.parse(text) as FromService;
    } catch {
      return;
    }
    switch (message.type) {
      case "welcome":
        this.#retries = 0;
        break;
      case "pong":
        this.#pingLater();
        break;
      case "ended":
      case "problem":
        this.#over = true;
        this.#cancelPing();
        break;
      case "session":
      case "media":
      case "unknown":
        break;
    }
    this.#sink.message(message);
    if (this.#over) this.#sink.over();
  }

  #again(): void {
    const wait = RETRY_MS[Math.min(this.#retries, RETRY_MS.length - 1)] ?? 8_000;
    this.#retries += 1;
    this.#cancel = this.#clock.after(wait, () => this.start());
  }

  #pingLater(): void {
    this.#cancelPing();
    this.#cancelPing = this.#clock.after(PING_MS, () => {
      this.#nonce += 1;
      this.send({ type: "ping", nonce: this.#nonce });
      this.#cancelPing = this.#clock.after(ANSWER_MS, () => this.#socket?.close());
    });
  }
}
