import { beforeEach, describe, expect, it } from "vitest";
import { Keys } from "./keys";

let log: string[];
let time: number;

function keyboard(mac = false) {
  const keys = new Keys(
    {
      key: (code, down) => void log.push(`${down ? "+" : "-"}${code}`),
      releaseAll: () => void log.push("release"),
      leave: () => void log.push("leave"),
    },
    mac,
  );
  const down = (code: string, more: { repeat?: boolean; after?: number } = {}): void => {
    time += more.after ?? 50;
    keys.down({ code, repeat: more.repeat ?? false, timeStamp: time });
  };
  return { keys, down };
}

beforeEach(() => {
  log = [];
  time = 0;
});

describe("keys", () => {
  it("go by their place, once down and once up", () => {
    const { keys, down } = keyboard();
    down("KeyA");
    down("KeyA", { repeat: true });
    down("KeyA");
    keys.up("KeyA");
    keys.up("KeyA");
    expect(log).toEqual(["+KeyA", "-KeyA"]);
  });

  it("that a browser cannot name stay here", () => {
    const { down } = keyboard();
    down("");
    expect(log).toEqual([]);
  });

  it("are given back by the chord, from whichever side its keys are", () => {
    const { keys, down } = keyboard();
    down("KeyX");
    down("ControlRight");
    down("ShiftLeft");
    down("AltLeft");
    expect(log).toEqual(["+KeyX", "+ControlRight", "+ShiftLeft", "+AltLeft", "release", "leave"]);
    keys.up("AltLeft");
    keys.up("KeyX");
    expect(log).toHaveLength(6);
  });

  it("two of the chord's keys are an ordinary shortcut", () => {
    const { down } = keyboard();
    down("ControlLeft");
    down("AltLeft");
    down("Delete");
    expect(log).toEqual(["+ControlLeft", "+AltLeft", "+Delete"]);
  });

  it("AltGr on Windows is one key, not Ctrl and Alt", () => {
    const { down } = keyboard();
    down("ControlLeft");
    down("AltRight", { after: 0 });
    down("KeyQ");
    expect(log).toEqual(["+ControlLeft", "-ControlLeft", "+AltRight", "+KeyQ"]);
  });

  it("Ctrl and the right Alt pressed one after the other are both meant", () => {
    const { down } = keyboard();
    down("ControlLeft");
    down("AltRight");
    expect(log).toEqual(["+ControlLeft", "+AltRight"]);
  });

  it("that macOS forgets to release under Command are released with it", () => {
    const { keys, down } = keyboard(true);
    down("MetaLeft");
    down("ShiftLeft");
    down("KeyC");
    keys.up("MetaLeft");
    expect(log).toEqual(["+MetaLeft", "+ShiftLeft", "+KeyC", "-MetaLeft", "-KeyC"]);
  });

  it("are all released when the focus goes, and count as up from then on", () => {
    const { keys, down } = keyboard();
    down("KeyA");
    keys.release();
    keys.up("KeyA");
    down("KeyA");
    expect(log).toEqual(["+KeyA", "release", "+KeyA"]);
  });
});
