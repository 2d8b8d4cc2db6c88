import { describe, expect, it } from "vitest";
import { letterUse, type LetterEvent } from "./letters";
import { RelativeMoves } from "./relative";
import { CHORDS, FUNCTION_KEYS, pressChord } from "./special";

function event(key: string, more: Partial<LetterEvent> & { altGraph?: boolean } = {}): LetterEvent {
  const { altGraph = false, ...rest } = more;
  return { key, code: "", ctrlKey: false, altKey: false, metaKey: false, isComposing: false, getModifierState: (name) => name === "AltGraph" && altGraph, ...rest };
}

describe("keys by letter", () => {
  it("make characters by the browser, with dead keys, AltGr and input methods", () => {
    for (const key of ["a", "Ä", "ß", " ", "😀", "Dead", "Process", "Compose"]) expect(letterUse(event(key), false), key).toBe("field");
    expect(letterUse(event("@", { altGraph: true, ctrlKey: true, altKey: true }), false), "AltGr as Windows tells it").toBe("field");
    expect(letterUse(event("a", { isComposing: true, ctrlKey: true }), false)).toBe("field");
    expect(letterUse(event("@", { altKey: true }), true), "Option on a Mac").toBe("field");
  });

  it("are shortcuts by their letter with Ctrl, Alt and Meta", () => {
    expect(letterUse(event("z", { ctrlKey: true }), false)).toBe("shortcut");
    expect(letterUse(event("Z", { ctrlKey: true }), false)).toBe("shortcut");
    expect(letterUse(event("f", { altKey: true }), false)).toBe("shortcut");
    expect(letterUse(event("c", { metaKey: true }), true)).toBe("shortcut");
  });

  it("without a character go by place, and those that only choose characters stay here", () => {
    for (const key of ["Enter", "Tab", "Shift", "Control", "Alt", "F5", "ArrowLeft", "Delete", "PrintScreen"]) expect(letterUse(event(key), false), key).toBe("place");
    for (const key of ["AltGraph", "CapsLock", "NumLock"]) expect(letterUse(event(key), false), key).toBe("ours");
  });
});

describe("special keys", () => {
  it("go down in their order and up in the other", () => {
    const log: string[] = [];
    pressChord(["ControlLeft", "AltLeft", "Delete"], (code, down) => void log.push(`${down ? "+" : "-"}${code}`));
    expect(log).toEqual(["+ControlLeft", "+AltLeft", "+Delete", "-Delete", "-AltLeft", "-ControlLeft"]);
  });

  it("are named once", () => {
    const ids = [...CHORDS.map(({ id }) => id), ...FUNCTION_KEYS];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("a pointer that the page holds", () => {
  it("keeps the fractions of pixels", () => {
    const moves = new RelativeMoves();
    let x = 0;
    for (let i = 0; i < 10; i++) x += moves.move(0.3, 0)?.dx ?? 0;
    expect(x).toBeGreaterThanOrEqual(2);
    expect(moves.move(0.1, 0)?.dx ?? 0).toBeLessThanOrEqual(1);
    expect(moves.move(-5, 2)).toEqual({ dx: expect.any(Number), dy: 2 });
    moves.forget();
    expect(moves.move(0.9, -0.9)).toBeNull();
  });
});
