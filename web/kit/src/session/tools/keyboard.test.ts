import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/clock";
import { KeyboardState, MAX_TYPED, preview } from "./keyboard.svelte";

function world(kept: string | null = null) {
  const clock = new FakeClock();
  const sent: string[] = [];
  const store = new Map<string, string>(kept === null ? [] : [["farhand.keys_by", kept]]);
  const keyboard = new KeyboardState({
    text: (text) => void sent.push(text),
    stopText: () => void sent.push("STOP"),
    clock,
    storage: { getItem: (key) => store.get(key) ?? null, setItem: (key, value) => void store.set(key, value) },
  });
  return { keyboard, clock, sent, store };
}

describe("a text that is typed out", () => {
  it("goes whole, part by part, and no character is cut in half", async () => {
    const { keyboard, clock, sent } = world();
    const text = `${"a".repeat(39)}😀${"b".repeat(60)}\r\nend`;
    keyboard.type(text);
    expect(sent).toEqual([`${"a".repeat(39)}😀`]);
    expect(keyboard.typing).toEqual({ state: "typing", typed: 40, all: 104 });
    await clock.move(1_000);
    expect(sent.join("")).toBe(text.replace("\r\n", "\n"));
    expect(keyboard.typing).toEqual({ state: "done", all: 104 });
  });

  it("can be stopped, at the other end too, and not twice", async () => {
    const { keyboard, clock, sent } = world();
    keyboard.type("x".repeat(1_000));
    await clock.move(50);
    keyboard.stop();
    keyboard.stop();
    await clock.move(1_000);
    expect(sent).toEqual(["x".repeat(40), "x".repeat(40), "STOP"]);
    expect(keyboard.typing).toEqual({ state: "stopped", typed: 80, all: 1_000 });
  });

  it("stops when control is over", () => {
    const { keyboard, sent } = world();
    keyboard.relative = true;
    keyboard.type("x".repeat(100));
    keyboard.over();
    expect(sent.at(-1)).toBe("STOP");
    expect(keyboard.relative).toBe(false);
  });

  it("is bounded, and looked at before", () => {
    const { keyboard } = world();
    keyboard.type("y".repeat(MAX_TYPED + 5));
    expect(keyboard.typing).toMatchObject({ all: MAX_TYPED });
    expect(preview("")).toEqual({ length: 0, lines: 0, tooLong: false, runs: false });
    expect(preview("ls\r\n😀")).toEqual({ length: 4, lines: 2, tooLong: false, runs: true });
    expect(preview("z".repeat(MAX_TYPED + 1)).tooLong).toBe(true);
  });
});

describe("the way of the keys", () => {
  it("is by place until the technician chooses, and is remembered", () => {
    const { keyboard, store } = world();
    expect(keyboard.by).toBe("place");
    keyboard.choose("letter");
    expect(world(store.get("farhand.keys_by")).keyboard.by).toBe("letter");
    expect(world("nonsense").keyboard.by).toBe("place");
  });
});
