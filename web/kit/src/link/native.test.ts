import { describe, expect, test } from "vitest";
import { FakeClock } from "../testing/clock";
import type { MediaOffer } from "../types";
import { CLOSE, STREAM, type LinkSink, type Stream } from "./link";
import { NativeLink, type DoorSocket } from "./native";

const offer = (ticket: string): MediaOffer => ({
  ticket,
  expires_at: 1,
  port: 1,
  host: null,
  certificate_sha256: [],
  webtransport_path: "/media",
  websocket_path: "/media",
});

class FakeSocket implements DoorSocket {
  binaryType: BinaryType = "blob";
  bufferedAmount = 0;
  closed = false;
  readonly sent: (string | Uint8Array)[] = [];
  onopen: DoorSocket["onopen"] = null;
  onmessage: DoorSocket["onmessage"] = null;
  onclose: DoorSocket["onclose"] = null;
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
  send(data: unknown): void {
    this.sent.push(data as string | Uint8Array);
  }
  close(): void {
    this.closed = true;
  }
  opens(): void {
    this.onopen?.call(this as unknown as WebSocket, new Event("open"));
  }
  says(news: object | ArrayBuffer): void {
    const data = news instanceof ArrayBuffer ? news : JSON.stringify(news);
    this.onmessage?.call(this as unknown as WebSocket, new MessageEvent("message", { data }));
  }
  ends(): void {
    this.onclose?.call(this as unknown as WebSocket, new Event("close") as CloseEvent);
  }
  get words(): unknown[] {
    return this.sent.filter((word) => typeof word === "string").slice(1).map((word) => JSON.parse(word) as unknown);
  }
}

function world() {
  const heard: unknown[][] = [];
  const sockets: FakeSocket[] = [];
  const clock = new FakeClock();
  const sink: LinkSink = {
    connected: (...what) => heard.push(["connected", ...what]),
    message: (stream: Stream, message) => heard.push(["message", stream, [...message]]),
    lost: (why) => heard.push(["lost", why]),
    wantsOffer: () => heard.push(["wants offer"]),
    refused: (code) => heard.push(["refused", code]),
  };
  const dial = (url: string): FakeSocket => {
    const socket = new FakeSocket(url);
    sockets.push(socket);
    return socket;
  };
  const link = new NativeLink({ port: 7, token: "key" }, sink, () => heard.push(["wants door"]), clock, dial);
  return { heard, sockets, clock, link, newest: () => sockets.at(-1) as FakeSocket };
}

describe("the desktop console's link", () => {
  test("shows its key first, then the offer, and says what carries the messages", () => {
    const { link, newest, heard } = world();
    link.open(offer("t1"));
    newest().opens();
    expect(newest().url).toBe("ws://127.0.0.1:7/");
    expect(newest().sent[0]).toBe("key");
    expect(newest().words).toEqual([{ type: "open", offer: offer("t1") }]);
    expect(link.send(STREAM.input, Uint8Array.of(1))).toBe(false);
    newest().says({ type: "connected", udp_blocked: true });
    expect(heard).toEqual([["connected", "native", false, true]]);
    expect(link.send(STREAM.input, Uint8Array.of(9))).toBe(true);
    expect([...(newest().sent.at(-1) as Uint8Array)]).toEqual([STREAM.input, 9]);
  });

  test("gives messages to their streams and says what it has taken in", () => {
    const { link, newest, heard } = world();
    link.open(offer("t1"));
    newest().opens();
    newest().says({ type: "connected", udp_blocked: false });
    newest().says(Uint8Array.of(STREAM.control, 5, 6).buffer);
    expect(heard.at(-1)).toEqual(["message", STREAM.control, [5, 6]]);
    newest().says(Uint8Array.of(200, 5).buffer);
    expect(heard).toHaveLength(2);
    const large = new Uint8Array(16 * 1024);
    large[0] = STREAM.screen;
    for (let i = 0; i < 12; i++) newest().says(large.slice().buffer);
    expect(newest().words.slice(1)).toEqual([{ type: "taken", bytes: 12 * 16 * 1024 + 5 }]);
  });

  test("asks for another way in when the one before closes, and for a fresh ticket with it", async () => {
    const { link, newest, heard, clock, sockets } = world();
    link.open(offer("t1"));
    newest().opens();
    newest().says({ type: "connected", udp_blocked: false });
    newest().ends();
    expect(heard.at(-1)?.[0]).toBe("lost");
    expect(link.send(STREAM.input, Uint8Array.of(1))).toBe(false);
    await clock.move(500);
    expect(heard.at(-1)).toEqual(["wants door"]);
    link.reopen({ port: 8, token: "key 2" });
    expect(heard.at(-1)).toEqual(["wants offer"]);
    link.renew(offer("t2"));
    newest().opens();
    expect([sockets.length, newest().url, newest().sent[0]]).toEqual([2, "ws://127.0.0.1:8/", "key 2"]);
    newest().says({ type: "connected", udp_blocked: false });
    expect(heard.at(-1)).toEqual(["connected", "native", true, false]);
  });

  test("stops for good when the service does not want it any more", async () => {
    const { link, newest, heard, clock, sockets } = world();
    link.open(offer("t1"));
    newest().opens();
    newest().says({ type: "refused", code: CLOSE.replaced, why: "" });
    newest().ends();
    await clock.move(10_000);
    link.renew(offer("t2"));
    expect(heard).toEqual([["refused", CLOSE.replaced]]);
    expect([sockets.length, newest().closed]).toEqual([1, true]);
  });

  test("waits with pointer positions while the socket is behind", () => {
    const { link, newest } = world();
    link.open(offer("t1"));
    newest().opens();
    expect(link.readyForPointer()).toBe(false);
    newest().says({ type: "connected", udp_blocked: false });
    expect(link.readyForPointer()).toBe(true);
    newest().bufferedAmount = 8 * 1024;
    expect(link.readyForPointer()).toBe(false);
  });
});
