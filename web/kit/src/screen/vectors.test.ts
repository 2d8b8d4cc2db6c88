/// <reference types="node" />
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { MAX_FILES_MESSAGE, STREAM, type Control, type Input, type Pointer, type ScreenFeedback } from "../types";
import { framed } from "./framing";
import { Composer, Doubler, FrameReader, Reorder, initSync, readControl } from "../wasm/farhand_wasm.js";

interface Vector<T> {
  hex: string;
  meaning: T;
}

const root = resolve(import.meta.dirname, "../../../..");
const BUTTONS = ["left", "middle", "right", "back", "forward"];
const SENDER = 7;

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(root, "protocol/vectors", `${name}.json`), "utf8")) as T;
}
function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
function hex(message: Uint8Array | undefined): string {
  return Array.from(message ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (item instanceof Uint8Array ? [...item] : typeof item === "bigint" ? Number(item) : item)));
}

beforeAll(() => {
  initSync({ module: readFileSync(resolve(root, "web/kit/src/wasm/farhand_wasm_bg.wasm")) });
});

describe("the module in the browser agrees with the golden vectors", () => {
  it("on control messages, both what it reads and what it composes", () => {
    const composer = new Composer(SENDER);
    const control = vectors<Vector<Control>[]>("control");
    expect(control.length).toBeGreaterThan(10);
    let composed = 0;
    for (const { hex: wire, meaning } of control) {
      expect(plain(readControl(bytes(wire))), wire).toEqual(meaning);
      // A console composes these; the agent's own messages use up numbers of their sender all the same.
      const ours =
        meaning.type === "ask" ? composer.ask(meaning.rights)
        : meaning.type === "give_up" ? composer.giveUp(meaning.rights)
        : meaning.type === "end" ? composer.end()
        : meaning.type === "ping" && meaning.nonce <= 0xffff_ffff ? composer.ping(meaning.nonce)
        : null;
      if (ours === null) {
        composer.end();
        continue;
      }
      expect(hex(ours)).toBe(wire);
      composed += 1;
    }
    expect(composed).toBeGreaterThan(3);
  });

  it("on input", () => {
    const composer = new Composer(SENDER);
    const codes = new Map(vectors<{ code: string; usage: number }[]>("keys").map(({ code, usage }) => [usage, code]));
    const compose = (input: Input): Uint8Array | undefined => {
      switch (input.type) {
        case "key":
          return composer.key(codes.get(input.usage) ?? "", input.down);
        case "button":
          return composer.button(BUTTONS.indexOf(input.button), input.down, input.x, input.y);
        case "wheel":
          return composer.wheel(input.dx, input.dy, input.x, input.y);
        case "button_here":
          return composer.button(BUTTONS.indexOf(input.button), input.down);
        case "wheel_here":
          return composer.wheel(input.dx, input.dy);
        case "pointer_by":
          return composer.pointerBy(input.dx, input.dy);
        case "letter":
          return composer.letter(input.letter);
        case "stop_text":
          return composer.stopText();
        case "text":
          return composer.text(input.text)[0];
        case "release_all":
          return composer.releaseAll();
        case "unknown":
          return undefined;
      }
    };
    for (const { hex: wire, meaning } of vectors<Vector<Input>[]>("input")) expect(hex(compose(meaning))).toBe(wire);
  });

  it("on every key of a keyboard, and on none that is none", () => {
    const composer = new Composer(SENDER);
    const keys = vectors<{ code: string; usage: number }[]>("keys");
    expect(keys.length).toBeGreaterThan(100);
    for (const { code } of keys) expect(composer.key(code, true), code).toBeDefined();
    for (const code of ["", "Unidentified", "a", "KeyÄ", "constructor"]) expect(composer.key(code, true), code).toBeUndefined();
  });

  it("on pointer positions and on what the viewer says of frames", () => {
    const composer = new Composer(SENDER);
    for (const { hex: wire, meaning } of vectors<Vector<Pointer>[]>("pointer")) expect(hex(composer.pointer(meaning.x, meaning.y))).toBe(wire);
    const compose = (feedback: ScreenFeedback): Uint8Array | undefined => {
      switch (feedback.type) {
        case "drawn":
          return composer.drawn(feedback.frame, feedback.draw_us);
        case "reset":
          return composer.reset();
        case "codec_refused":
          return composer.codecRefused(feedback.codec);
        case "unknown":
          return undefined;
      }
    };
    for (const { hex: wire, meaning } of vectors<Vector<ScreenFeedback>[]>("feedback")) expect(hex(compose(meaning))).toBe(wire);
  });

  it("on how messages lie on a carrier", () => {
    const carrier = vectors<Record<"message" | "stream_frame" | "datagram_copy", string>>("carrier");
    const message = bytes(carrier.message);
    expect(hex(FrameReader.frame(message))).toBe(carrier.stream_frame);
    const reader = new FrameReader(STREAM.input);
    for (const byte of bytes(carrier.stream_frame)) reader.push(Uint8Array.of(byte));
    expect(hex(reader.next())).toBe(carrier.message);
    expect(reader.next()).toBeUndefined();
  });

  it("on long messages, which the worker frames and keeps by itself", () => {
    const long = Uint8Array.from({ length: 50_000 }, (_, at) => at);
    expect(hex(framed(long))).toBe(hex(FrameReader.frame(long)));
    expect(framed(new Uint8Array(MAX_FILES_MESSAGE))).toHaveLength(MAX_FILES_MESSAGE + 2);
    expect(() => framed(new Uint8Array(MAX_FILES_MESSAGE + 1))).toThrow();
    const files = new FrameReader(STREAM.files);
    files.push(framed(long));
    expect(files.next()).toEqual(long);
    const input = new FrameReader(STREAM.input);
    input.push(framed(long));
    expect(() => input.next()).toThrow();
    const reorder = new Reorder();
    reorder.fromDatagram(1, Uint8Array.of(1));
    expect(reorder.kept()).toBe(true);
    expect(reorder.next()).toEqual(Uint8Array.of(1));
    expect(reorder.kept()).toBe(false);
    expect(reorder.kept()).toBe(true);
    expect(reorder.next()).toBeUndefined();
  });

  it("on sending twice and taking once", () => {
    const doubler = new Doubler(1);
    const reorder = new Reorder();
    const message = Uint8Array.of(1, 2, 3);
    doubler.sent(message, 100);
    expect(doubler.due(114)).toBeUndefined();
    const at = doubler.dueAt();
    expect(at).toBeCloseTo(115);
    const copy = doubler.due(at ?? 0);
    expect(hex(copy)).toBe("0100000000010203");
    reorder.fromDatagram(0, message);
    reorder.fromStream(message);
    reorder.fromStream(Uint8Array.of(4));
    expect(hex(reorder.next())).toBe("010203");
    expect(hex(reorder.next())).toBe("04");
    expect(reorder.next()).toBeUndefined();
  });
});

describe("hostile bytes", () => {
  it("are errors that can be caught, and the module goes on", () => {
    for (const wire of ["", "01", "0100000700000000c1", "0200000700000000", "010000070000000081a474797065"]) {
      expect(() => readControl(bytes(wire)) as unknown, wire).toThrow();
    }
    expect(readControl(bytes("010000070000000081a474797065a3656e64"))).toEqual({ type: "end" });
  });
});
