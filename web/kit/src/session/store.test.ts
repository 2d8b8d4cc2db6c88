import { describe, expect, it } from "vitest";
import type { FromWorker, ToWorker } from "../screen/messages";
import { FakeClock, settle } from "../testing/clock";
import type { FromService, MediaOffer, SessionSnapshot, ToService } from "../types";
import { CONSOLE_TRIES, type SealSecret } from "./seal";
import { Session } from "./session.svelte";
import type { Socket } from "./signal";

class FakeSocket {
  sent: ToService[] = [];
  closed = false;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as ToService);
  }
  close(): void {
    this.closed = true;
  }
  opens(): void {
    this.onopen?.call(this as never, {} as Event);
  }
  says(message: FromService): void {
    this.onmessage?.call(this as never, { data: JSON.stringify(message) } as MessageEvent);
  }
  falls(code = 1006): void {
    this.onclose?.call(this as never, { code, reason: "" } as CloseEvent);
  }
}

const offer: MediaOffer = {
  ticket: "t",
  expires_at: 0,
  port: 1,
  host: null,
  certificate_sha256: [],
  webtransport_path: "/m",
  websocket_path: "/w",
};

function snapshot(revision: number, agentHere: boolean): SessionSnapshot {
  const agent = { id: 1, role: "agent", name: "", organisation: "", connected: agentHere, media: agentHere, gone: false } as const;
  return { id: "s", revision, state: agentHere ? "live" : "waiting", participants: agentHere ? [agent] : [], code_expires_at: 0, created_at: 0 };
}

function world(problem: { code: string; message: string } | null = null) {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const posted: ToWorker[] = [];
  const kept: unknown[] = [];
  const secret: SealSecret = { seed: new Uint8Array(32), digits: "5710", link: "A".repeat(22), resumption: null, left: CONSOLE_TRIES };
  let tell: (message: FromWorker) => void = () => {};
  const session = new Session({
    dial: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as Socket;
    },
    renderer: {
      post: (message) => void posted.push(message),
      listen: (handler) => {
        tell = handler;
      },
      attach: () => {},
      attachPart: () => {},
      showPart: () => {},
      detachPart: () => {},
      close: () => {},
    },
    origin: { host: "h", hostname: "h", secure: true },
    clock,
    program: "test/1",
    seal: { secret, keep: (what) => void kept.push(what), forget: () => void kept.push("forgotten") },
    inquire: () => Promise.resolve(problem),
  });
  session.start();
  const socket = (): FakeSocket => {
    const last = sockets.at(-1);
    if (!last) throw new Error("no socket");
    return last;
  };
  const welcome = (agentHere: boolean): void => {
    socket().opens();
    socket().says({ type: "welcome", version: 1, participant: 2, session: snapshot(1, agentHere), media: offer, now: 0 });
  };
  const kinds = (): string[] => posted.map((message) => message.type).filter((type) => !["watch", "seal", "seal_view"].includes(type));
  return { clock, sockets, socket, posted, kept, kinds, session, welcome, tell: (message: FromWorker) => tell(message) };
}

const up: FromWorker = { type: "link_up", carrier: "webtransport", again: false, udpBlocked: false };
const sealed: FromWorker = { type: "seal", state: "on", names: { technician: "Ada", organisation: "Help", customer: "" } };

describe("a session", () => {
  it("says hello, opens its media with the offer, and tells the service when it stands", () => {
    const { socket, kinds, welcome, tell } = world();
    welcome(false);
    expect(socket().sent[0]).toEqual({ type: "hello", versions: { oldest: 1, newest: 1 }, program: "test/1" });
    expect(kinds()).toEqual(["open"]);
    tell(up);
    expect(socket().sent.at(-1)).toEqual({ type: "media", up: true });
  });

  it("asks to see the screen once, as soon as the two ends have keys", () => {
    const { socket, kinds, posted, welcome, tell } = world();
    welcome(false);
    tell(up);
    expect(kinds()).not.toContain("ask");
    socket().says({ type: "session", snapshot: snapshot(2, true) });
    socket().says({ type: "session", snapshot: snapshot(3, true) });
    expect(kinds()).not.toContain("ask");
    tell(sealed);
    tell({ type: "rtt", ms: 4 });
    expect(posted.filter((message) => message.type === "ask")).toEqual([{ type: "ask", rights: ["view"] }]);
  });

  it("does not ask where it is allowed already, as after loading the page again", () => {
    const { kinds, welcome, tell } = world();
    welcome(true);
    tell({ type: "consent", snapshot: { revision: 5, state: "granted", rights: ["view", "control"], more: null } });
    tell(up);
    tell(sealed);
    expect(kinds()).not.toContain("ask");
  });

  it("keeps its media link when only the socket was lost, and says so on the new one", async () => {
    const { clock, sockets, socket, kinds, welcome, tell } = world();
    welcome(true);
    tell(up);
    socket().falls();
    await clock.move(250);
    expect(sockets).toHaveLength(2);
    welcome(true);
    expect(kinds().filter((type) => type === "open")).toHaveLength(1);
    expect(socket().sent.at(-1)).toEqual({ type: "media", up: true });
  });

  it("gets the link a new ticket when it wants one", () => {
    const { socket, posted, welcome, tell } = world();
    welcome(true);
    tell({ type: "link_wants_offer" });
    expect(socket().sent.at(-1)).toEqual({ type: "renew_media" });
    socket().says({ type: "media", offer: { ...offer, ticket: "fresh" } });
    expect(posted.at(-1)).toEqual({ type: "renew", offer: { ...offer, ticket: "fresh" } });
  });

  it("ends once, closes its media and does not come back", async () => {
    const { clock, sockets, socket, kinds, session, welcome, tell } = world();
    welcome(true);
    tell(up);
    session.end();
    expect(socket().sent.at(-1)).toEqual({ type: "end" });
    expect(kinds()).toContain("end");
    socket().says({ type: "ended", reason: "technician" });
    socket().falls();
    await clock.move(60_000);
    expect(session.stage).toMatchObject({ stage: "ended", reason: "technician" });
    expect(kinds().at(-1)).toBe("close");
    expect(sockets).toHaveLength(1);
  });

  it("comes back after losses with growing pauses, at once when the network returns", async () => {
    const { clock, sockets, socket, session } = world();
    socket().falls();
    await clock.move(250);
    socket().falls();
    await clock.move(499);
    expect(sockets).toHaveLength(2);
    session.hurry();
    expect(sockets).toHaveLength(3);
  });

  it("says why when its socket is refused", async () => {
    const { clock, socket, session } = world({ code: "session_gone", message: "gone" });
    socket().falls();
    await clock.move(250);
    socket().falls();
    await settle();
    expect(session.stage).toMatchObject({ stage: "failed", code: "session_gone" });
  });

  it("also when its socket is opened and closed at once, as for a session that has just ended", async () => {
    const { clock, socket, session } = world({ code: "session_gone", message: "gone" });
    for (let i = 0; i < 2; i++) {
      socket().opens();
      socket().falls(1000);
      await clock.move(500);
    }
    expect(session.stage).toMatchObject({ stage: "failed", code: "session_gone" });
  });

  it("is over, and not in trouble, when its session ended while this end was away", async () => {
    for (const [away, reason] of [[95_000, "lost"], [10_000, "unknown"]] as const) {
      const { clock, socket, session, welcome } = world({ code: "session_gone", message: "gone" });
      welcome(true);
      socket().falls();
      await clock.move(250);
      // Nothing answers for so long.
      await clock.move(away);
      socket().falls();
      await clock.move(500);
      socket().falls();
      await settle();
      expect(session.stage).toMatchObject({ stage: "ended", reason });
    }
  });

  it("does not fight for its place with another page", async () => {
    const { clock, sockets, socket, kinds, session, welcome } = world();
    welcome(true);
    socket().falls(4004);
    await clock.move(60_000);
    expect(session.stage).toMatchObject({ stage: "failed", code: "replaced" });
    expect(kinds().at(-1)).toBe("close");
    expect(sockets).toHaveLength(1);
  });

  it("notices a socket that is dead without knowing it", async () => {
    const { clock, socket, welcome } = world();
    welcome(true);
    await clock.move(20_000);
    expect(socket().sent.at(-1)).toEqual({ type: "ping", nonce: 1 });
    await clock.move(8_000);
    expect(socket().closed).toBe(true);
  });

  it("tells in passing what the customer decided, but not what we did ourselves", () => {
    const { session, welcome, tell } = world();
    welcome(true);
    tell(up);
    tell({ type: "consent", snapshot: { revision: 1, state: "granted", rights: ["view"], more: null } });
    tell({ type: "consent", snapshot: { revision: 2, state: "granted", rights: ["view", "control"], more: null } });
    expect(session.remark?.remark).toBe("control_granted");
    session.giveUp(["control"]);
    tell({ type: "consent", snapshot: { revision: 3, state: "granted", rights: ["view"], more: null } });
    expect(session.remark?.remark).toBe("control_granted");
  });

  it("hands its secrets to the worker alone, keeps what a reload needs, and forgets all at the end", () => {
    const { socket, posted, kept, welcome, tell } = world();
    welcome(true);
    const [seal] = posted.filter((message) => message.type === "seal");
    expect(seal).toMatchObject({ secret: { digits: "5710", left: CONSOLE_TRIES } });
    tell(up);
    tell({ type: "seal_left", left: 1 });
    tell({ type: "seal_resumption", resumption: new Uint8Array(32) });
    socket().says({ type: "ended", reason: "technician" });
    expect(kept).toEqual([{ left: 1 }, { resumption: new Uint8Array(32) }, "forgotten"]);
    expect(JSON.stringify(socket().sent)).not.toMatch(/5710|AAAA/);
  });

  it("counts every wrong try, and ends the session with the last", () => {
    const { socket, session, welcome, tell } = world();
    welcome(true);
    tell(up);
    tell({ type: "seal_left", left: 1 });
    tell({ type: "seal", state: "wrong_secret", names: null });
    expect(session.known.wrongTries).toBe(1);
    expect(session.stage.stage).toBe("joining");
    tell({ type: "seal_left", left: 0 });
    tell({ type: "seal", state: "void", names: null });
    expect(session.known.wrongTries).toBe(2);
    expect(socket().sent.at(-1)).toEqual({ type: "end" });
    socket().says({ type: "ended", reason: "technician" });
    expect(session.stage).toEqual({ stage: "wrong_code" });
  });

  it("says that a code was wrong also when the end is told before the reason", () => {
    const { socket, session, welcome, tell } = world();
    welcome(true);
    tell(up);
    tell({ type: "seal_left", left: 1 });
    socket().says({ type: "ended", reason: "customer" });
    expect(session.stage).toEqual({ stage: "wrong_code" });
    expect(session.known.wrongTries).toBe(1);
    tell({ type: "seal", state: "wrong_secret", names: null });
    expect(session.known.wrongTries, "the same try").toBe(1);
    const other = world();
    other.welcome(true);
    other.tell(up);
    other.socket().says({ type: "ended", reason: "customer" });
    expect(other.session.stage).toMatchObject({ stage: "ended", reason: "customer" });
    other.tell({ type: "seal_left", left: 1 });
    expect(other.session.stage).toEqual({ stage: "wrong_code" });
    expect(other.session.known.wrongTries).toBe(1);
  });

  it("ignores a message that is no message", () => {
    const { socket, session, welcome } = world();
    welcome(true);
    const stage = session.stage;
    socket().onmessage?.call({} as never, { data: "not json" } as MessageEvent);
    socket().says({ type: "unknown" });
    expect(session.stage).toEqual(stage);
  });
});
