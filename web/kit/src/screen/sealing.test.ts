/// <reference types="node" />
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { CONSOLE_TRIES } from "../session/seal";
import { AgentEnd, Composer, ConsoleEnd, initSync } from "../wasm/farhand_wasm.js";

const root = resolve(import.meta.dirname, "../../../..");
const [AGENT, CONSOLE] = [2, 1];

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(root, "protocol/seal/vectors", `${name}.json`), "utf8")) as T;
}
function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
function hex(message: Uint8Array | undefined): string {
  return Array.from(message ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface HandShake {
  secret: string;
  console_seed: string;
  console_random: string;
  start: string;
  answer: string;
  confirm: string;
}
interface Message {
  direction: "up" | "down";
  stream: number;
  clear: string;
  sealed: string;
}
type Next = { type: string; message?: Uint8Array; left?: number } | undefined;

/** A signal of the agent, as the room relays it. */
function signal(kind: number, content: string): Uint8Array {
  return Uint8Array.from([1, 0, 128, AGENT, 0, 0, 0, 0, 0, 0, CONSOLE, kind, ...bytes(content)]);
}

function take(end: ConsoleEnd, message: Uint8Array, random: Uint8Array): Next[] {
  expect(end.incoming(0, message, random)).toBeUndefined();
  const told: Next[] = [];
  for (let next = end.next() as Next; next; next = end.next() as Next) told.push(next);
  return told;
}

/** A console's end that has met the vectors' agent. */
function met(): ConsoleEnd {
  const [, shake] = vectors<HandShake[]>("handshake");
  if (!shake) throw new Error("there is no hand-shake by a link");
  const end = new ConsoleEnd(bytes(shake.console_seed), "5710", shake.secret, new Uint8Array(), CONSOLE_TRIES);
  end.view("s-1", AGENT, CONSOLE, "Ada Größe", "Example Help", "", "", 1);
  expect((end.next() as Next)?.type).toBe("send");
  const [answer] = take(end, signal(1, shake.start), bytes(shake.console_random));
  expect(hex(answer?.message?.subarray(12))).toBe(shake.answer);
  expect(take(end, signal(1, shake.confirm), new Uint8Array(80)).map((next) => next?.type)).toEqual(["sealed"]);
  const keys = take(end, signal(2, vectors<{ hand_over: string }>("keys").hand_over), new Uint8Array(80));
  expect(keys.map((next) => next?.type)).toEqual(["keys"]);
  return end;
}

beforeAll(() => {
  initSync({ module: readFileSync(resolve(root, "web/kit/src/wasm/farhand_wasm_bg.wasm")) });
});

describe("the module in the browser agrees with the golden vectors of sealing", () => {
  it("on the hand-shake and on every message, each way", () => {
    const end = met();
    const messages = vectors<Message[]>("messages");
    expect(messages.length).toBeGreaterThan(5);
    for (const { direction, stream, clear, sealed } of messages) {
      const done = direction === "up" ? end.outgoing(stream, bytes(clear)) : end.incoming(stream, bytes(sealed), new Uint8Array(80));
      expect(hex(done)).toBe(direction === "up" ? sealed : clear);
    }
  });

  it("and takes nothing clear, changed or twice once it is sealed", () => {
    const end = met();
    const message = vectors<Message[]>("messages").find(({ direction }) => direction === "down");
    if (!message) throw new Error("there is no message of the agent");
    const sealed = bytes(message.sealed);
    expect(() => end.incoming(message.stream, bytes(message.clear), new Uint8Array(80))).toThrow();
    const changed = (at: number): Uint8Array => {
      const other = sealed.slice();
      other[at] = (other[at] ?? 0) ^ 1;
      return other;
    };
    for (const at of [2, 4, 10, sealed.length - 1]) expect(() => end.incoming(message.stream, changed(at), new Uint8Array(80))).toThrow();
    // Under epoch 0 it looks like a signal for another console, and is passed over.
    expect(end.incoming(message.stream, changed(9), new Uint8Array(80))).toBeUndefined();
    expect(hex(end.incoming(message.stream, sealed, new Uint8Array(80)))).toBe(message.clear);
    expect(end.incoming(message.stream, sealed, new Uint8Array(80))).toBeUndefined();
  });

  it("on pieces of files that WebCrypto seals", async () => {
    const [end, other] = [met(), met()];
    const [composer, whole] = [new Composer(CONSOLE), new Composer(CONSOLE)];
    for (const length of [3_000, 61_400]) {
      const body = Uint8Array.from({ length }, (_, at) => at * 7);
      const piece = end.sayBody(composer, body, 0);
      if (!piece) throw new Error("there are keys");
      const mine = (part: Uint8Array | undefined): Uint8Array<ArrayBuffer> => Uint8Array.from(part ?? []);
      const key = await crypto.subtle.importKey("raw", mine(end.keyUp(6)), "AES-GCM", false, ["encrypt"]);
      const head = mine(piece.head());
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: mine(piece.nonce), additionalData: head, tagLength: 128 }, key, mine(piece.text()));
      expect(hex(head) + hex(new Uint8Array(sealed))).toBe(hex(other.outgoing(6, whole.fileBody(body))));
    }
    const early = new ConsoleEnd(new Uint8Array(32), "5710", "A".repeat(22), new Uint8Array(), CONSOLE_TRIES);
    const first = new Composer(CONSOLE);
    expect(early.sayBody(first, new Uint8Array(3_000), 0)).toBeUndefined();
    expect(hex(first.fileBody(Uint8Array.of(5)))).toBe(hex(new Composer(CONSOLE).fileBody(Uint8Array.of(5))));
  });

  it("neither takes nor sends anything before there are keys", () => {
    const end = new ConsoleEnd(new Uint8Array(32), "5710", "A".repeat(22), new Uint8Array(), CONSOLE_TRIES);
    const clear = Uint8Array.from([1, 0, 0, AGENT, 0, 0, 0, 0, 0x80]);
    expect(() => end.incoming(0, clear, new Uint8Array(80))).toThrow();
    expect(end.outgoing(0, clear)).toBeUndefined();
    end.view("s-1", AGENT, CONSOLE, "Ada", "Help", "", "", 1);
    expect(end.incoming(0, clear, new Uint8Array(80))).toBeUndefined();
    expect(end.waited()).toBeUndefined();
    expect(end.outgoing(0, clear)).toBeUndefined();
  });
});

describe("two ends in the browser", () => {
  const random = (): Uint8Array => crypto.getRandomValues(new Uint8Array(80));

  /** Passes messages between them until nothing is left; what the console was told. */
  function settle(console: ConsoleEnd, agent: AgentEnd): Next[] {
    const told: Next[] = [];
    // A start that is said twice is answered twice, and the second answer comes out of turn.
    const take = (end: AgentEnd | ConsoleEnd, message: Uint8Array): void => {
      try {
        end.incoming(0, message, random());
      } catch (error) {
        expect(String(error)).toContain("out of turn");
      }
    };
    for (let moved = true; moved; ) {
      moved = false;
      for (let next = console.next() as Next; next; next = console.next() as Next) {
        moved = true;
        if (next.type === "send" && next.message) take(agent, next.message);
        else told.push(next);
      }
      for (let next = agent.next() as string | Uint8Array | undefined; next !== undefined; next = agent.next() as string | Uint8Array | undefined) {
        moved = true;
        if (typeof next !== "string") take(console, next);
      }
    }
    return told;
  }

  function ends(digits: string, typed: string, left = CONSOLE_TRIES): { console: ConsoleEnd; told: Next[] } {
    const console = new ConsoleEnd(new Uint8Array(32), digits, "A".repeat(22), new Uint8Array(), left);
    console.view("s-1", AGENT, CONSOLE, "Ada", "Help", "Bo", "", 1);
    const agent = new AgentEnd(new Uint8Array(32).fill(1), "s-1", AGENT, CONSOLE, "Ada", "Help", "Bo", "", 1);
    agent.secret(typed, random());
    return { console, told: settle(console, agent) };
  }

  it("meet by four digits, and name one another", () => {
    const { console, told } = ends("0710", "0710");
    expect(told.map((next) => next?.type)).toEqual(["sealed", "keys"]);
    expect(told[0]).toMatchObject({ technician: "Ada", organisation: "Help", customer: "Bo" });
    expect(console.left()).toBe(CONSOLE_TRIES);
  });

  it("count wrong digits, over a reload too", () => {
    expect(ConsoleEnd.tries()).toBe(CONSOLE_TRIES);
    const { console, told } = ends("5710", "5711");
    expect(told).toEqual([{ type: "wrong_secret", left: 1 }]);
    const reloaded = ends("5710", "5712", console.left());
    expect(reloaded.told).toEqual([{ type: "wrong_secret", left: 0 }]);
    expect(ends("5710", "5710", reloaded.console.left()).told).toEqual([{ type: "void" }]);
  });
});
