import { describe, expect, it } from "vitest";
import { FakeClock, settle } from "../testing/clock";
import type { MediaOffer } from "../types";
import { BrowserLink } from "./browser";
import { CLOSE, Refusal, STREAM, type CarrierKind, type Dialled, type Dialler, type LineSink, type LinkSink } from "./link";

/** A carrier whose network the test plays. */
class FakeCarrier {
  dials: { resolve: () => void; reject: (error: Error) => void; abandoned: boolean }[] = [];
  tickets: string[] = [];
  sent: number[] = [];
  closed = 0;
  sinks: LineSink[] = [];
  refuse: number | null = null;
  /** Answers to tickets wait until this is called. */
  letIn: (() => void) | null = null;
  slow = false;
  readonly kind: CarrierKind;

  constructor(kind: CarrierKind) {
    this.kind = kind;
  }

  readonly dial: Dialler = () =>
    new Promise<Dialled>((resolve, reject) => {
      const attempt = { resolve: () => {}, reject, abandoned: false };
      attempt.resolve = () =>
        resolve({
          kind: this.kind,
          enter: (ticket, sink) => {
            this.tickets.push(ticket);
            if (this.refuse !== null) return Promise.reject(new Refusal(this.refuse, "refused"));
            this.sinks.push(sink);
            const waits = this.slow ? new Promise<void>((resolve) => (this.letIn = resolve)) : Promise.resolve();
            return waits.then(() => ({
              kind: this.kind,
              send: (stream) => void this.sent.push(stream),
              readyForPointer: () => true,
              close: () => void this.closed++,
            }));
          },
          abandon: () => {
            attempt.abandoned = true;
          },
        });
      this.dials.push(attempt);
    });
}

class Told implements LinkSink {
  events: string[] = [];
  connected(carrier: CarrierKind, again: boolean): void {
    this.events.push(`${carrier}${again ? " again" : ""}`);
  }
  message(): void {
    this.events.push("message");
  }
  lost(): void {
    this.events.push("lost");
  }
  wantsOffer(): void {
    this.events.push("wants offer");
  }
  refused(code: number): void {
    this.events.push(`refused ${code}`);
  }
}

function world(withWebTransport = true) {
  const clock = new FakeClock();
  const quic = new FakeCarrier("webtransport");
  const socket = new FakeCarrier("websocket");
  const told = new Told();
  const link = new BrowserLink({ webTransport: withWebTransport ? quic.dial : null, webSocket: socket.dial }, told, clock);
  const offer = (ticket: string): MediaOffer => ({
    ticket,
    expires_at: clock.now() + 60_000,
    port: 15000,
    host: null,
    certificate_sha256: [],
    webtransport_path: "/media",
    websocket_path: "/api/v1/media",
  });
  return { clock, quic, socket, told, link, offer };
}

describe("the race", () => {
  it("takes QUIC when it answers in time and never dials the WebSocket", async () => {
    const { clock, quic, socket, told, link, offer } = world();
    link.open(offer("a"));
    await clock.move(200);
    quic.dials[0]?.resolve();
    await clock.move(10_000);
    expect(told.events).toEqual(["webtransport"]);
    expect(socket.dials).toHaveLength(0);
    expect(link.send(STREAM.input, new Uint8Array(1))).toBe(true);
    expect(quic.sent).toEqual([STREAM.input]);
  });

  it("is on the WebSocket within a second when UDP is silent", async () => {
    const { clock, socket, told, link, offer } = world();
    link.open(offer("a"));
    await clock.move(699);
    expect(socket.dials).toHaveLength(0);
    await clock.move(1);
    socket.dials[0]?.resolve();
    await clock.move(0);
    expect(told.events).toEqual(["websocket"]);
  });

  it("dials the WebSocket at once when QUIC is refused", async () => {
    const { quic, socket, told, link, offer } = world();
    link.open(offer("a"));
    quic.dials[0]?.reject(new Error("blocked"));
    await settle();
    expect(socket.dials).toHaveLength(1);
    socket.dials[0]?.resolve();
    await settle();
    expect(told.events).toEqual(["websocket"]);
  });

  it("goes by the WebSocket alone where there is no WebTransport, and never probes", async () => {
    const { clock, socket, told, link, offer } = world(false);
    link.open(offer("a"));
    socket.dials[0]?.resolve();
    await clock.move(300_000);
    expect(told.events).toEqual(["websocket"]);
  });

  it("shows its ticket on the winner only", async () => {
    const { clock, quic, socket, link, offer } = world();
    link.open(offer("a"));
    await clock.move(700);
    quic.dials[0]?.resolve();
    await settle();
    socket.dials[0]?.resolve();
    await settle();
    expect(quic.tickets).toEqual(["a"]);
    expect(socket.tickets).toEqual([]);
    expect(socket.dials[0]?.abandoned).toBe(true);
  });

  it("switches to a QUIC that arrives after the WebSocket won", async () => {
    const { clock, quic, socket, told, link, offer } = world();
    link.open(offer("a"));
    await clock.move(700);
    socket.dials[0]?.resolve();
    await clock.move(500);
    quic.dials[0]?.resolve();
    await clock.move(60_000);
    expect(told.events).toEqual(["websocket", "webtransport again"]);
  });
});

describe("coming back to QUIC", () => {
  it("probes with a fresh ticket, again and again, and switches when UDP is back", async () => {
    const { clock, quic, socket, told, link, offer } = world();
    link.open(offer("a"));
    quic.dials[0]?.reject(new Error("blocked"));
    await settle();
    socket.dials[0]?.resolve();
    await clock.move(5_000);
    expect(told.events).toEqual(["websocket", "wants offer"]);
    link.renew(offer("b"));
    quic.dials[1]?.reject(new Error("still blocked"));
    await clock.move(9_999);
    expect(told.events).toHaveLength(2);
    await clock.move(1);
    expect(told.events).toEqual(["websocket", "wants offer", "wants offer"]);
    link.renew(offer("c"));
    quic.dials[2]?.resolve();
    await clock.move(0);
    expect(told.events.at(-1)).toBe("webtransport again");
    expect(quic.tickets).toEqual(["c"]);
  });

  it("keeps what the old carrier still brings, and hears its close in silence", async () => {
    const { clock, quic, socket, told, link, offer } = world();
    link.open(offer("a"));
    await clock.move(700);
    socket.dials[0]?.resolve();
    await settle();
    quic.dials[0]?.resolve();
    await settle();
    socket.sinks[0]?.message(STREAM.control, new Uint8Array(1));
    socket.sinks[0]?.closed(CLOSE.replaced, "");
    await clock.move(10_000);
    expect(told.events).toEqual(["websocket", "webtransport again", "message"]);
  });

  it("does not take the end of the old carrier for another page, whichever is heard first", async () => {
    const { clock, quic, socket, told, link, offer } = world();
    quic.slow = true;
    link.open(offer("a"));
    await clock.move(700);
    socket.dials[0]?.resolve();
    await settle();
    quic.dials[0]?.resolve();
    await settle();
    socket.sinks[0]?.closed(CLOSE.replaced, "");
    quic.letIn?.();
    await clock.move(10_000);
    expect(told.events).toEqual(["websocket", "webtransport again"]);
    expect(link.send(STREAM.control, new Uint8Array(1))).toBe(true);
  });
});

describe("losses", () => {
  it("dials again at once with a ticket that is still good", async () => {
    const { clock, quic, told, link, offer } = world();
    link.open(offer("a"));
    quic.dials[0]?.resolve();
    await settle();
    quic.sinks[0]?.closed(null, "idle");
    expect(link.send(STREAM.input, new Uint8Array(1))).toBe(false);
    await clock.move(0);
    quic.dials[1]?.resolve();
    await settle();
    expect(told.events).toEqual(["webtransport", "lost", "webtransport again"]);
  });

  it("asks for a new ticket when the old one expired", async () => {
    const { clock, quic, told, link, offer } = world();
    link.open(offer("a"));
    quic.dials[0]?.resolve();
    await clock.move(120_000);
    quic.sinks[0]?.closed(null, "idle");
    await clock.move(0);
    expect(told.events).toEqual(["webtransport", "lost", "wants offer"]);
    link.renew(offer("b"));
    quic.dials[1]?.resolve();
    await settle();
    expect(quic.tickets).toEqual(["a", "b"]);
  });

  it("asks for a new ticket when the service refused this one", async () => {
    const { clock, quic, told, link, offer } = world();
    quic.refuse = CLOSE.ticketRefused;
    link.open(offer("a"));
    quic.dials[0]?.resolve();
    await clock.move(0);
    expect(told.events).toEqual(["lost", "wants offer"]);
  });

  it("stops for good when the session is over or another page took its place", async () => {
    for (const code of [CLOSE.ended, CLOSE.replaced]) {
      const { clock, quic, told, link, offer } = world();
      link.open(offer("a"));
      quic.dials[0]?.resolve();
      await settle();
      quic.sinks[0]?.closed(code, "");
      await clock.move(600_000);
      expect(told.events).toEqual(["webtransport", `refused ${code}`]);
      expect(quic.dials).toHaveLength(1);
    }
  });

  it("waits longer and longer while nothing answers", async () => {
    const { clock, quic, socket, told, link, offer } = world();
    link.open({ ...offer("a"), expires_at: Number.MAX_SAFE_INTEGER });
    for (const [at, wait] of [0, 250, 500, 1_000].entries()) {
      quic.dials[at]?.reject(new Error("down"));
      await settle();
      socket.dials[at]?.reject(new Error("down"));
      await settle();
      expect(told.events).toHaveLength(at + 1);
      if (wait > 0) await clock.move(wait - 1);
      expect(quic.dials).toHaveLength(at + 1);
      await clock.move(1);
      expect(quic.dials).toHaveLength(at + 2);
    }
  });

  it("gives up a dial that never answers", async () => {
    const { clock, told, link, offer } = world();
    link.open(offer("a"));
    await clock.move(9_000);
    expect(told.events).toContain("lost");
  });

  it("tries another way when a WebSocket is silent, and keeps it until then", async () => {
    const { clock, quic, socket, told, link, offer } = world();
    link.open(offer("a"));
    await clock.move(700);
    socket.dials[0]?.resolve();
    quic.dials[0]?.reject(new Error("blocked"));
    await settle();
    link.suspect();
    link.suspect();
    expect(told.events).toEqual(["websocket", "wants offer"]);
    link.renew(offer("b"));
    expect(link.send(STREAM.input, new Uint8Array(1))).toBe(true);
    await clock.move(700);
    socket.dials[1]?.resolve();
    await settle();
    expect(told.events.at(-1)).toBe("websocket again");
    link.suspect();
    expect(told.events).toHaveLength(3);
  });

  it("is silent once closed", async () => {
    const { clock, quic, told, link, offer } = world();
    link.open(offer("a"));
    link.close();
    quic.dials[0]?.resolve();
    await clock.move(60_000);
    expect(told.events).toEqual([]);
    expect(quic.dials[0]?.abandoned).toBe(true);
  });
});
