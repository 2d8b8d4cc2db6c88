import type { MediaOffer } from "../types";
import { CLOSE, Refusal, reason, type Clock, type Dialled, type Dialler, type Line, type Link, type LinkSink, type Stream } from "./link";

/** The WebSocket starts when WebTransport has not answered by then, so that a blocked UDP costs less than a second. */
const RACE_MS = 700;
/** A WebTransport connection that does not stand by then never will. */
const DIAL_MS = 8_000;
/** Waits between attempts to come back to WebTransport. */
const PROBE_MS = [5_000, 10_000, 20_000, 40_000, 60_000] as const;
/** Waits between attempts after a loss. */
const RETRY_MS = [0, 250, 500, 1_000, 2_000, 4_000] as const;
/** A silence may be the other end's own: no more often than this is another way tried for it. */
const SUSPECT_MS = 15_000;
/** A ticket that has less than this left is not shown any more. */
const TICKET_MARGIN_MS = 3_000;

export interface Carriers {
  /** Absent where the browser has no WebTransport. */
  webTransport: Dialler | null;
  webSocket: Dialler;
}

/** QUIC first, the WebSocket when UDP is blocked, back to QUIC when it returns. */
export class BrowserLink implements Link {
  #line: Line | null = null;
  #everUp = false;
  #closed = false;
  /** Counts attempts; what an older attempt still brings is dropped. */
  #attempt = 0;
  #abort = new AbortController();
  #cancelTimer: () => void = () => {};
  #probes = 0;
  #retries = 0;
  #offer: MediaOffer | null = null;
  /** Connections that have shown their ticket and wait for the answer. */
  #entering = 0;
  #suspectedAt = Number.NEGATIVE_INFINITY;
  #want: "nothing" | "race" | "probe" = "nothing";
  readonly #carriers: Carriers;
  readonly #sink: LinkSink;
  readonly #clock: Clock;

  constructor(carriers: Carriers, sink: LinkSink, clock: Clock) {
    this.#carriers = carriers;
    this.#sink = sink;
    this.#clock = clock;
  }

  open(offer: MediaOffer): void {
    this.#offer = offer;
    this.#retries = 0;
    this.#race(offer);
  }

  renew(offer: MediaOffer): void {
    this.#offer = offer;
    const want = this.#want;
    this.#want = "nothing";
    if (this.#closed) return;
    if (want === "race") this.#race(offer);
    else if (want === "probe") this.#probe(offer);
  }

  send(stream: Stream, message: Uint8Array): boolean {
    if (!this.#line) return false;
    this.#line.send(stream, message);
    return true;
  }

  readyForPointer(): boolean {
    return this.#line?.readyForPointer() ?? false;
  }

  suspect(): void {
    const now = this.#clock.now();
    // QUIC notices by itself, in seconds. A WebSocket whose network is gone may not notice for minutes.
    if (this.#closed || this.#line?.kind !== "websocket" || now - this.#suspectedAt < SUSPECT_MS) return;
    this.#suspectedAt = now;
    this.#want = "race";
    this.#sink.wantsOffer();
  }

  close(): void {
    this.#closed = true;
    this.#startOver();
    const line = this.#line;
    this.#line = null;
    line?.close();
  }

  #startOver(): number {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#cancelTimer();
    return ++this.#attempt;
  }

  #race(offer: MediaOffer): void {
    const attempt = this.#startOver();
    const { signal } = this.#abort;
    let won = false;
    let running = 0;
    let socketStarted = false;
    let entering: Promise<void> = Promise.resolve();

    const arrived = (dialled: Dialled): void => {
      if (attempt !== this.#attempt) return dialled.abandon();
      if (!won) {
        won = true;
        entering = this.#enter(dialled, offer, attempt);
        // The other carrier may still arrive: a late WebTransport is a switch, a late WebSocket is of no use.
        return;
      }
      if (dialled.kind !== "webtransport") return dialled.abandon();
      void entering.then(() => {
        if (attempt !== this.#attempt || this.#line?.kind !== "websocket") return dialled.abandon();
        void this.#enter(dialled, offer, attempt);
      });
    };
    const failed = (error: unknown): void => {
      running -= 1;
      if (attempt !== this.#attempt || won) return;
      if (!socketStarted) startSocket();
      else if (running === 0) this.#failed(attempt, error);
    };
    const start = (dial: Dialler): void => {
      running += 1;
      this.#dial(dial, offer, signal).then(arrived, failed);
    };
    const startSocket = (): void => {
      if (socketStarted || won || attempt !== this.#attempt) return;
      socketStarted = true;
      start(this.#carriers.webSocket);
    };

    if (!this.#carriers.webTransport) return startSocket();
    start(this.#carriers.webTransport);
    this.#cancelTimer = this.#clock.after(RACE_MS, startSocket);
  }

  /** Dials with a time limit of the link's own: a browser may try for half a minute. */
  #dial(dial: Dialler, offer: MediaOffer, signal: AbortSignal): Promise<Dialled> {
    return new Promise((resolve, reject) => {
      let over = false;
      const cancel = this.#clock.after(DIAL_MS, () => {
        over = true;
        reject(new Error("no answer"));
      });
      dial(offer, signal).then(
        (dialled) => {
          cancel();
          if (over) dialled.abandon();
          else resolve(dialled);
        },
        (error: unknown) => {
          cancel();
          if (!over) reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  async #enter(dialled: Dialled, offer: MediaOffer, attempt: number): Promise<void> {
    let line: Line | null = null;
    this.#entering += 1;
    try {
      line = await dialled.enter(offer.ticket, {
        message: (stream, message) => {
          if (!this.#closed) this.#sink.message(stream, message);
        },
        closed: (code, why) => {
          // The line that another one took the place of closes in silence.
          if (line !== null && this.#line === line) this.#lineClosed(code, why);
        },
      });
    } catch (error) {
      if (attempt === this.#attempt && this.#line?.kind !== "websocket") this.#failed(attempt, error);
      return;
    } finally {
      this.#entering -= 1;
    }
    if (attempt !== this.#attempt) return line.close();
    const again = this.#line !== null || this.#everUp;
    // An old line is left open until the service closes it: what is under way on it still arrives.
    this.#line = line;
    this.#everUp = true;
    this.#retries = 0;
    this.#cancelTimer();
    this.#sink.connected(line.kind, again);
    if (line.kind === "websocket") this.#scheduleProbe();
    else this.#probes = 0;
  }

  #lineClosed(code: number | null, why: string): void {
    this.#line = null;
    if (this.#closed) return;
    // The service lets the new connection in and closes the old one; which of the two is heard first is chance.
    if (code === CLOSE.replaced && this.#entering > 0) return;
    if (code === CLOSE.ended || code === CLOSE.replaced) {
      this.#closed = true;
      this.#startOver();
      this.#sink.refused(code, why);
      return;
    }
    this.#sink.lost(why);
    this.#again(code);
  }

  #failed(attempt: number, error: unknown): void {
    if (attempt !== this.#attempt || this.#closed) return;
    const code = error instanceof Refusal ? error.code : null;
    if (code === CLOSE.ended) {
      this.#closed = true;
      this.#sink.refused(code, reason(error));
      return;
    }
    const line = this.#line;
    this.#line = null;
    line?.close();
    this.#sink.lost(reason(error));
    this.#again(code);
  }

  #again(code: number | null): void {
    this.#startOver();
    const wait = RETRY_MS[Math.min(this.#retries, RETRY_MS.length - 1)] ?? 0;
    this.#retries += 1;
    const attempt = this.#attempt;
    this.#cancelTimer = this.#clock.after(code === CLOSE.busy ? Math.max(wait, 1_000) : wait, () => {
      if (attempt !== this.#attempt) return;
      const offer = this.#offer;
      if (offer && code !== CLOSE.ticketRefused && offer.expires_at > this.#clock.now() + TICKET_MARGIN_MS) {
        this.#race(offer);
      } else {
        this.#want = "race";
        this.#sink.wantsOffer();
      }
    });
  }

  #scheduleProbe(): void {
    if (!this.#carriers.webTransport) return;
    const wait = PROBE_MS[Math.min(this.#probes, PROBE_MS.length - 1)] ?? 60_000;
    this.#probes += 1;
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(wait, () => {
      this.#want = "probe";
      this.#sink.wantsOffer();
    });
  }

  #probe(offer: MediaOffer): void {
    const dial = this.#carriers.webTransport;
    if (!dial || this.#line?.kind !== "websocket") return;
    const attempt = this.#attempt;
    this.#dial(dial, offer, this.#abort.signal).then(
      (dialled) => {
        if (attempt !== this.#attempt || this.#line?.kind !== "websocket") return dialled.abandon();
        void this.#enter(dialled, offer, attempt).then(() => {
          if (attempt === this.#attempt && this.#line?.kind === "websocket") this.#scheduleProbe();
        });
      },
      () => {
        if (attempt === this.#attempt && this.#line?.kind === "websocket") this.#scheduleProbe();
      },
    );
  }
}
