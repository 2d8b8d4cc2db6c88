/// <reference types="node" />
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { STREAM, type Chat } from "../../types";
import { Composer, initSync, readTool } from "../../wasm/farhand_wasm.js";

const root = resolve(import.meta.dirname, "../../../../..");
const SENDER = 7;

beforeAll(() => {
  initSync({ module: readFileSync(resolve(root, "web/kit/src/wasm/farhand_wasm_bg.wasm")) });
});

it("the module in the browser agrees with the golden vectors on the chat, both what it reads and what it composes", () => {
  const vectors = JSON.parse(readFileSync(resolve(root, "protocol/vectors/chat.json"), "utf8")) as { hex: string; meaning: Chat }[];
  const composer = new Composer(SENDER);
  expect(vectors.length).toBeGreaterThan(6);
  for (const { hex, meaning } of vectors) {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    expect(readTool(bytes), hex).toEqual(meaning);
    const composed = composer.tool(STREAM.chat, meaning);
    expect(Array.from(composed, (byte) => byte.toString(16).padStart(2, "0")).join("")).toBe(hex);
  }
});

it("refuses what is over its limit, instead of showing it", () => {
  const composer = new Composer(SENDER);
  const line = { number: 1, id: "a", name: "", text: "x".repeat(4097), age_ms: 0 };
  expect(() => readTool(composer.tool(STREAM.chat, { type: "said", line }))).toThrow(/over its limit/);
  expect(() => readTool(composer.tool(STREAM.chat, { type: "history", lines: Array.from({ length: 65 }, () => ({ ...line, text: "x" })), last: true }))).toThrow(/over its limit/);
});
