/// <reference types="node" />
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/clock";
import type { FileEntry, Files } from "../../types";
import { Composer, Hasher, Transfers, confinedName, initSync, readTool } from "../../wasm/farhand_wasm.js";
import { below, FilesState, type FilesParts } from "./files.svelte";
import { DiskError, type Place, type Source } from "./files/disk";

const root = resolve(import.meta.dirname, "../../../../..");

beforeAll(() => {
  initSync({ module: readFileSync(resolve(root, "web/kit/src/wasm/farhand_wasm_bg.wasm")) });
});

const content = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) % 256);

function hash(bytes: Uint8Array): Uint8Array {
  const hasher = new Hasher();
  hasher.update(bytes);
  return hasher.finish();
}

function source(bytes: Uint8Array): Source {
  return { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)) };
}

/** A folder in memory. */
class Memory implements Place {
  readonly files = new Map<string, Uint8Array>();
  dropped = 0;
  room = Number.POSITIVE_INFINITY;

  create(steps: readonly string[]): ReturnType<Place["create"]> {
    const parts: number[] = [];
    return Promise.resolve({
      write: (bytes: Uint8Array) => {
        if (parts.length + bytes.length > this.room) return Promise.reject(new DOMException("full", "QuotaExceededError"));
        parts.push(...bytes);
        return Promise.resolve();
      },
      keep: () => {
        this.files.set(steps.join("/"), Uint8Array.from(parts));
        return Promise.resolve(steps.at(-1) ?? "");
      },
      drop: () => {
        this.dropped += 1;
        return Promise.resolve();
      },
    });
  }
}

/** A page with the real module, and what it said. */
class World {
  readonly said: Files[] = [];
  readonly clock = new FakeClock();
  readonly files: FilesState;
  kept: string | null;
  #number = 0;

  constructor(kept: string | null = null, handles?: FilesParts["handles"], more: Partial<FilesParts> = {}) {
    this.kept = kept;
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const world = this;
    const keeper = {
      get kept() {
        return world.kept;
      },
      keep(text: string) {
        world.kept = text;
      },
    };
    this.files = new FilesState({
      send: (message) => this.said.push(message),
      clock: this.clock,
      list: new Transfers() as FilesParts["list"],
      hasher: () => new Hasher(),
      confined: confinedName,
      keeper,
      ...(handles ? { handles } : {}),
      newNumber: () => (this.#number += 1),
      ...more,
    });
  }

  /** What was said of this kind since the last look. */
  take<Type extends Files["type"]>(type: Type): Extract<Files, { type: Type }>[] {
    const found = this.said.filter((message): message is Extract<Files, { type: Type }> => message.type === type);
    this.said.splice(0, this.said.length, ...this.said.filter((message) => message.type !== type));
    return found;
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 40; turn += 1) await this.clock.move(1);
  }
}

function joined(chunks: readonly { offset: number; bytes: Uint8Array }[], from = 0): Uint8Array {
  const whole: number[] = [];
  for (const { offset, bytes } of chunks) {
    expect(offset).toBe(from + whole.length);
    whole.push(...bytes);
  }
  return Uint8Array.from(whole);
}

describe("messages about files", () => {
  const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  /** JSON has no bytes. */
  const whole = (meaning: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(meaning).map(([name, value]) => [name, (name === "bytes" || name === "hash") && Array.isArray(value) ? Uint8Array.from(value as number[]) : value]));

  it("are the golden vectors, both what a page composes and what it reads", () => {
    const vectors = JSON.parse(readFileSync(resolve(root, "protocol/vectors/files.json"), "utf8")) as { hex: string; meaning: Record<string, unknown> }[];
    expect(vectors.length).toBeGreaterThan(20);
    const composer = new Composer(7);
    for (const { hex: wire, meaning } of vectors) {
      expect(hex(composer.tool(6, whole(meaning))), wire).toBe(wire);
      // An agent's message names its console behind the head.
      const bytes = Uint8Array.from(wire.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
      const addressed = Uint8Array.from([...bytes.slice(0, 8), 1, ...bytes.slice(8)]);
      expect(readTool(addressed)).toEqual(whole(meaning));
    }
  });
});

describe("files to the customer", () => {
  it("go in order, with the hash of the whole, and say how fast", async () => {
    const world = new World();
    const bytes = content(200_000);
    world.files.put([{ steps: ["Bilder", "a.bin"], source: source(bytes) }]);
    expect(world.said).toEqual([]);
    world.files.reach(true);
    expect(world.take("offer")).toEqual([{ type: "offer", transfer: 1, path: ["Bilder", "a.bin"], size: 200_000, more: 0, more_size: 0 }]);
    world.files.message({ type: "asking", transfer: 1 });
    await world.settle();
    expect(world.files.rows.map(({ state }) => state)).toEqual(["waits"]);
    world.files.message({ type: "ready", transfer: 1, name: "a.bin", size: 200_000, offset: 0, until: 100_000 });
    await world.settle();
    const first = world.take("chunk");
    expect(joined(first)).toEqual(bytes.slice(0, 100_000));
    await world.clock.move(600);
    expect(world.files.rows[0]).toMatchObject({ state: "flows", moved: 100_000, size: 200_000 });
    world.files.message({ type: "grant", transfer: 1, until: 200_000 });
    await world.settle();
    await world.clock.move(600);
    expect(world.files.rows[0]?.rate).toBeGreaterThan(0);
    expect(joined(world.take("chunk"), 100_000)).toEqual(bytes.slice(100_000));
    expect(world.take("done").map((done) => done.hash)).toEqual([hash(bytes)]);
    world.files.message({ type: "finished", transfer: 1, name: "a (2).bin" });
    await world.clock.move(600);
    expect(world.files.rows[0]).toMatchObject({ state: "finished", name: "a (2).bin" });
    expect(world.files.busy).toBe(false);
  });

  it("are handed on as many messages at a time as there are, and what is not on its way holds up reading", async () => {
    const composer = new Composer(7);
    const bulks: number[] = [];
    const gone: { offset: number; bytes: Uint8Array }[] = [];
    const sendBulk = (bytes: Uint8Array, lengths: Uint32Array): void => {
      bulks.push(lengths.length);
      let at = 0;
      for (const length of lengths) {
        const message = composer.fileBody(bytes.subarray(at, (at += length)));
        const chunk = readTool(Uint8Array.from([...message.slice(0, 8), 1, ...message.slice(8)])) as Extract<Files, { type: "chunk" }>;
        expect(chunk.type).toBe("chunk");
        gone.push(chunk);
      }
      expect(at).toBe(bytes.length);
    };
    const world = new World(null, undefined, { sendBulk, paced: true });
    const bytes = content(600_000);
    world.files.put([{ steps: ["a.bin"], source: source(bytes) }]);
    world.files.reach(true);
    world.files.message({ type: "ready", transfer: 1, name: "a.bin", size: bytes.length, offset: 0, until: bytes.length });
    await world.settle();
    const before = gone.length;
    expect(before).toBeGreaterThanOrEqual(24);
    expect(before).toBeLessThan(40);
    for (let turn = 0; turn < 3; turn += 1) {
      world.files.taken(24);
      await world.settle();
    }
    expect(bulks.length).toBeLessThan(gone.length / 4);
    expect(hash(joined(gone))).toEqual(hash(bytes));
    expect(world.take("done").map((done) => done.hash)).toEqual([hash(bytes)]);
  });

  it("give way to a person who types or points, and go on at once when they stop", async () => {
    const world = new World();
    const bytes = content(4_000_000);
    world.files.put([{ steps: ["a.bin"], source: source(bytes) }]);
    world.files.reach(true);
    world.files.message({ type: "ready", transfer: 1, name: "a.bin", size: 4_000_000, offset: 0, until: 4_000_000 });
    let gone = 0;
    const moved = (): number => (gone += world.take("chunk").reduce((sum, chunk) => sum + chunk.bytes.length, 0));
    // Ten milliseconds of work beside a person are 100,000 bytes; one read may be under way.
    for (let moment = 1; moment <= 10; moment += 1) {
      world.files.acted();
      for (let turn = 0; turn < 10; turn += 1) await world.clock.move(1);
      expect(moved()).toBeLessThanOrEqual(moment * 100_000 + 131_072);
    }
    expect(gone).toBeGreaterThan(500_000);
    await world.clock.move(400);
    await world.settle();
    expect(moved()).toBe(4_000_000);
  });

  it("go on where the customer's side stands after a cut, and hash what it has already", async () => {
    const world = new World();
    const bytes = content(150_000);
    world.files.reach(true);
    world.files.put([{ steps: ["a"], source: source(bytes) }]);
    world.files.message({ type: "ready", transfer: 1, name: "a", size: 150_000, offset: 0, until: 150_000 });
    await world.settle();
    world.files.reach(false);
    world.said.length = 0;
    world.files.reach(true);
    expect(world.take("offer")).toHaveLength(1);
    world.files.message({ type: "ready", transfer: 1, name: "a", size: 150_000, offset: 40_001, until: 150_000 });
    await world.settle();
    expect(joined(world.take("chunk"), 40_001)).toEqual(bytes.slice(40_001));
    expect(world.take("done").map((done) => done.hash)).toEqual([hash(bytes)]);
  });

  it("are let go of when they are over, stopped before they began, or their page goes", async () => {
    const world = new World();
    const closed: number[] = [];
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ steps: [`f${at}`], source: { ...source(content(10)), close: () => closed.push(at + 1) } }));
    world.files.reach(true);
    world.files.put(many(9));
    for (const transfer of [1, 2]) world.files.message({ type: "ready", transfer, name: "x", size: 10, offset: 0, until: 10 });
    await world.settle();
    world.files.message({ type: "finished", transfer: 1, name: "x" });
    world.files.message({ type: "stop", transfer: 2, why: "refused" });
    await world.settle();
    expect(closed).toEqual([1, 2]);
    world.files.stop(9);
    await world.settle();
    expect(closed).toEqual([1, 2, 9]);
    world.files.close();
    expect(closed.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("are asked about again when nobody answers", async () => {
    const world = new World();
    world.files.reach(true);
    world.files.put([{ steps: ["a"], source: source(content(10)) }]);
    expect(world.take("offer")).toHaveLength(1);
    await world.clock.move(6_000);
    expect(world.take("offer")).toHaveLength(1);
  });

  it("end with a reason when the file is gone or changed, and the rest goes on", async () => {
    const world = new World();
    world.files.reach(true);
    const gone: Source = { size: 10, read: () => Promise.reject(new DOMException("gone", "NotFoundError")) };
    world.files.put([
      { steps: ["gone"], source: gone },
      { steps: ["good"], source: source(content(10)) },
    ]);
    for (const transfer of [1, 2]) world.files.message({ type: "ready", transfer, name: "x", size: 10, offset: 0, until: 10 });
    await world.settle();
    expect(world.take("stop")).toEqual([{ type: "stop", transfer: 1, why: "vanished" }]);
    expect(world.take("done").map(({ transfer }) => transfer)).toEqual([2]);
  });
});

describe("files from the customer", () => {
  const entry = (name: string, kind: FileEntry["kind"] = "file", size = 10): FileEntry => ({ name, kind, size, changed: 0 });

  async function fetched(world: World, place: Place, bytes: Uint8Array): Promise<void> {
    await world.files.take([{ path: "/home/ada/a", entry: entry("a", "file", bytes.length) }], place);
    world.files.message({ type: "ready", transfer: 1, name: "a", size: bytes.length, offset: 0, until: 0 });
    await world.settle();
    const grants = world.take("grant");
    expect(grants.at(-1)?.until).toBe(bytes.length);
    for (let offset = 0; offset < bytes.length; offset += 16_384) {
      world.files.message({ type: "chunk", transfer: 1, offset, bytes: bytes.slice(offset, offset + 16_384) });
    }
  }

  it("are written, and kept when the hash agrees", async () => {
    const [world, place] = [new World(), new Memory()];
    world.files.reach(true);
    const bytes = content(100_000);
    await fetched(world, place, bytes);
    world.files.message({ type: "done", transfer: 1, hash: hash(bytes) });
    await world.settle();
    expect(place.files.get("a")).toEqual(bytes);
    expect(world.take("finished")).toEqual([{ type: "finished", transfer: 1, name: "a" }]);
  });

  it("are thrown away when it does not", async () => {
    const [world, place] = [new World(), new Memory()];
    world.files.reach(true);
    await fetched(world, place, content(50_000));
    world.files.message({ type: "done", transfer: 1, hash: hash(content(49_999)) });
    await world.settle();
    expect(place.files.size).toBe(0);
    expect(place.dropped).toBe(1);
    expect(world.take("stop")).toEqual([{ type: "stop", transfer: 1, why: "mismatch" }]);
  });

  it("stop when this side's disk is full", async () => {
    const [world, place] = [new World(), new Memory()];
    place.room = 20_000;
    world.files.reach(true);
    await fetched(world, place, content(60_000));
    await world.settle();
    expect(world.take("stop")).toEqual([{ type: "stop", transfer: 1, why: "disk_full" }]);
    await world.clock.move(600);
    expect(world.files.rows[0]).toMatchObject({ state: "over", why: "disk_full" });
  });

  it("cannot be more than was granted, or for a number that nobody gave", async () => {
    const [world, place] = [new World(), new Memory()];
    world.files.reach(true);
    await fetched(world, place, content(1_000));
    world.files.message({ type: "chunk", transfer: 1, offset: 1_000, bytes: new Uint8Array(10) });
    world.files.message({ type: "chunk", transfer: 99, offset: 0, bytes: new Uint8Array(10) });
    await world.settle();
    expect(world.take("stop").map(({ transfer, why }) => [transfer, why])).toEqual([
      [1, "failed"],
      [99, "cancelled"],
    ]);
    expect(place.files.size).toBe(0);
  });

  it("come with the folders above them, under names that stay below", async () => {
    const [world, place] = [new World(), new Memory()];
    world.files.reach(true);
    const taking = world.files.take([{ path: "/home/ada/docs", entry: entry("docs", "folder") }], place);
    await world.settle();
    const [list] = world.take("list");
    expect(list?.path).toBe("/home/ada/docs");
    world.files.message({ type: "listing", list: list?.list ?? 0, path: "/home/ada/docs", parent: "/home/ada", entries: [entry("a.txt"), entry("..")], more: true, cut: false });
    world.files.message({ type: "listing", list: list?.list ?? 0, path: "/home/ada/docs", parent: "/home/ada", entries: [entry("con.txt"), entry("pipe", "other")], more: false, cut: false });
    await taking;
    await world.settle();
    expect(world.take("fetch").map(({ path }) => path)).toEqual(["/home/ada/docs/a.txt", "/home/ada/docs/con.txt"]);
    expect(world.files.rows.map(({ name }) => name)).toEqual(["a.txt", "_con.txt"]);
  });
});

describe("the customer's folders", () => {
  it("are shown whole, folders first, when the customer lets them", async () => {
    const world = new World();
    world.files.reach(true);
    const looking = world.files.look("");
    const [list] = world.take("list");
    world.files.message({ type: "list_asking", list: list?.list ?? 0 });
    expect(world.files.folder.state).toBe("asking");
    const entries: FileEntry[] = [
      { name: "b10", kind: "file", size: 1, changed: 0 },
      { name: "b9", kind: "file", size: 1, changed: 0 },
      { name: "z", kind: "folder", size: 0, changed: 0 },
    ];
    world.files.message({ type: "listing", list: list?.list ?? 0, path: "/home/ada", parent: "/home", entries, more: false, cut: false });
    await looking;
    // The path asked for was the customer's own, which has a name by now.
    expect(world.files.folder).toMatchObject({ state: "open", path: "/home/ada" });
    expect(world.files.folder.state === "open" && world.files.folder.entries.map(({ name }) => name)).toEqual(["z", "b9", "b10"]);
  });

  it("say why they are not", async () => {
    const world = new World();
    world.files.reach(true);
    const looking = world.files.look("/root");
    const [list] = world.take("list");
    world.files.message({ type: "list_refused", list: list?.list ?? 0, why: "denied" });
    await looking;
    expect(world.files.folder).toEqual({ state: "refused", path: "/root", why: "denied" });
  });

  it("have names as their system writes them", () => {
    expect(below("/", "a")).toBe("/a");
    expect(below("/home/ada", "a")).toBe("/home/ada/a");
    expect(below("C:\\Users", "a")).toBe("C:\\Users\\a");
  });
});

describe("a page that was loaded again", () => {
  it("takes back what it began, and nobody waits for it", async () => {
    const before = new World();
    before.files.reach(true);
    before.files.put([{ steps: ["a"], source: source(content(10)) }]);
    await before.clock.move(600);
    const world = new World(before.kept);
    world.files.reach(true);
    await world.settle();
    expect(world.said).toEqual([{ type: "stop", transfer: 1, why: "cancelled" }]);
    const broken = new World("{nonsense");
    broken.files.reach(true);
    expect(broken.said).toEqual([]);
  });
});

describe("a page that still has the file's handle", () => {
  const begun = { steps: ["a"], source: source(content(20)) };
  const handles = (answer: (ask: boolean) => typeof begun | "ask" | null): NonNullable<FilesParts["handles"]> => ({
    keep: () => undefined,
    forget: () => undefined,
    back: (_, ask) => Promise.resolve(answer(ask)),
  });

  it("goes on where the customer's side stands, under the same number", async () => {
    const world = new World("[7]", handles(() => begun));
    world.files.reach(true);
    await world.settle();
    expect(world.take("offer").map(({ transfer }) => transfer)).toEqual([7]);
    world.files.message({ type: "ready", transfer: 7, name: "a", size: 20, offset: 12, until: 20 });
    await world.settle();
    expect(joined(world.take("chunk"), 12)).toEqual(content(20).slice(12));
    expect(world.take("done").map((done) => done.hash)).toEqual([hash(content(20))]);
  });

  it("asks its person where the browser wants that", async () => {
    const world = new World("[7]", handles((ask) => (ask ? begun : "ask")));
    world.files.reach(true);
    await world.settle();
    expect(world.said).toEqual([]);
    expect(world.files.unfinished).toEqual([7]);
    await world.files.resume();
    expect(world.take("offer").map(({ transfer }) => transfer)).toEqual([7]);
    expect(world.files.unfinished).toEqual([]);
  });
});

describe("a disk", () => {
  it("has a reason of its own for what it cannot do", async () => {
    const world = new World();
    world.files.reach(true);
    const place: Place = { create: () => Promise.reject(new DiskError("denied")) };
    await world.files.take([{ path: "/a", entry: { name: "a", kind: "file", size: 1, changed: 0 } }], place);
    world.files.message({ type: "ready", transfer: 1, name: "a", size: 1, offset: 0, until: 0 });
    await world.settle();
    expect(world.take("stop")).toEqual([{ type: "stop", transfer: 1, why: "denied" }]);
  });
});
