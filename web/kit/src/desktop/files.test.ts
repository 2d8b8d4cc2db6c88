import { describe, expect, it } from "vitest";
import { NativeClipboard, type Clip } from "./clipboard";
import type { TakeDropped } from "../session/tools/files/browser";
import { Drops, nativeFileWays, type Disk } from "./files";

/** What was dropped. */
const DROPPED = new Uint8Array(2_500_000).map((_, at) => at % 251);

/** A program that writes down what it is asked, and keeps what it is given. */
class Program {
  readonly asked: string[] = [];
  readonly bytes = new Map<number, number[]>();
  refuses: string | null = null;
  #next = 0;

  readonly disk: Disk = {
    beginFile: (request) => {
      this.asked.push(`begin ${request.session} ${request.transfer} ${request.from} ${request.steps.join("/")} ${request.size}`);
      if (this.refuses) return Promise.reject({ code: this.refuses, message: "" });
      this.#next += 1;
      this.bytes.set(this.#next, []);
      return Promise.resolve({ file: this.#next });
    },
    writeFile: (bytes, { file, offset }) => {
      if (this.refuses) return Promise.reject({ code: this.refuses, message: "" });
      this.asked.push(`write ${file} ${offset} ${bytes.length} of ${bytes.buffer.byteLength}`);
      this.bytes.get(file)?.push(...bytes);
      return Promise.resolve();
    },
    keepFile: ({ file, hash }) => {
      this.asked.push(`keep ${file} ${hash}`);
      return Promise.resolve({ name: "kept" });
    },
    dropFile: ({ file }) => {
      this.asked.push(`drop ${file}`);
      return Promise.resolve();
    },
    takeDropped: ({ drop, session }) => {
      this.asked.push(`take ${drop} ${session}`);
      if (this.refuses) return Promise.reject({ code: this.refuses, message: "" });
      return Promise.resolve({ files: [{ file: 5, steps: ["box", "big"], size: DROPPED.length }], cut: false });
    },
    readDropped: ({ file, session, offset, length }) => {
      this.asked.push(`read ${file} ${session} ${offset} ${length}`);
      if (this.refuses) return Promise.reject({ code: this.refuses, message: "" });
      return Promise.resolve(DROPPED.slice(offset, offset + length).buffer);
    },
    forgetDropped: ({ file }) => {
      this.asked.push(`forget ${file}`);
      return Promise.resolve();
    },
    openFiles: ({ session }) => Promise.resolve({ files: session === "s" ? [{ transfer: 7, from: "/a", steps: ["a"], size: 9, had: 4 }] : [] }),
  };
}

const fetched = { session: "s", transfer: 7, from: "/home/a" };

describe("files of customers in the desktop console", () => {
  it("are written as they come, and get their name by the program", async () => {
    const program = new Program();
    const place = await nativeFileWays(program.disk).placeForFile("a");
    const sink = await place?.create(["b", "a"], 5, fetched);
    await sink?.write(new Uint8Array([1, 2]));
    // A part of something larger is handed over without the rest.
    await sink?.write(new Uint8Array([0, 3, 4, 5, 0]).subarray(1, 4));
    expect(await sink?.keep(new Uint8Array([255, 1]))).toBe("kept");
    expect(program.bytes.get(1)).toEqual([1, 2, 3, 4, 5]);
    expect(program.asked).toEqual(["begin s 7 /home/a b/a 5", "write 1 0 2 of 2", "write 1 2 3 of 3", "keep 1 ff01"]);
    expect(sink?.hashes).toBe(true);
  });

  it("end with the program’s own reason", async () => {
    const program = new Program();
    const ways = nativeFileWays(program.disk);
    const place = await ways.placeForFolder();
    const sink = await place?.create(["a"], 5, fetched);
    program.refuses = "disk_full";
    await expect(sink?.write(new Uint8Array(5))).rejects.toMatchObject({ why: "disk_full" });
    await expect(place?.create(["a"], 5, fetched)).rejects.toMatchObject({ why: "disk_full" });
    program.refuses = "<img src=x>";
    await expect(place?.create(["a"], 5, fetched)).rejects.toMatchObject({ why: "failed" });
    program.refuses = "session_unknown";
    await expect(place?.create(["a"], 5, fetched)).rejects.toMatchObject({ why: "failed" });
  });

  it("go on behind what is there when their page is loaded again", async () => {
    const program = new Program();
    const [taken] = (await nativeFileWays(program.disk).taken?.("s")) ?? [];
    expect(taken).toMatchObject({ transfer: 7, from: "/a", steps: ["a"], size: 9, had: 4 });
    const sink = await taken?.place.create(["a"], 9, fetched);
    await sink?.write(new Uint8Array(5));
    expect(program.asked.at(-1)).toBe("write 1 4 5 of 5");
    expect(await nativeFileWays(program.disk).taken?.("another")).toEqual([]);
  });
});

/** Someone drops something; what a session may take of it. */
function dropOn(program: Program): { heard: (boolean | TakeDropped)[]; drops: Drops; undo: () => void } {
  const drops = new Drops(program.disk);
  const heard: (boolean | TakeDropped)[] = [];
  const undo = nativeFileWays(program.disk, drops).drops?.({ over: (over) => heard.push(over), dropped: (take) => heard.push(take) });
  drops.over(true);
  drops.dropped(3);
  return { heard, drops, undo: undo ?? (() => undefined) };
}

describe("files that are dropped on the desktop console", () => {
  it("are taken for one session, read in parts within their size, and forgotten", async () => {
    const program = new Program();
    const { heard, drops, undo } = dropOn(program);
    const [over, take] = heard;
    expect(over).toBe(true);
    if (typeof take !== "function") throw new Error("nothing was dropped");
    const { files, cut } = await take("s");
    expect(cut).toBe(false);
    expect(files.map(({ steps, source }) => [steps, source.size])).toEqual([[["box", "big"], 2_500_000]]);
    const source = files[0]?.source;
    const whole = new Uint8Array(2_500_000);
    for (let at = 0; at < whole.length; ) {
      const part = (await source?.read(at, 300_000)) ?? new Uint8Array();
      expect(part.length).toBeGreaterThan(0);
      whole.set(part, at);
      at += part.length;
    }
    expect(whole.every((byte, at) => byte === DROPPED[at])).toBe(true);
    source?.close?.();
    // Whole pieces of the largest length each time.
    const part = 16 * 60 * 1024;
    const parts = [0, part, 2 * part].map((at) => `read 5 s ${at} ${Math.min(part, 2_500_000 - at)}`);
    expect(program.asked).toEqual(["take 3 s", ...parts, "forget 5"]);
    undo();
    drops.over(false);
    drops.dropped(4);
    expect(heard.length).toBe(2);
  });

  it("end with the program’s own reason when they cannot be read", async () => {
    for (const [code, why] of [["changed", "changed"], ["vanished", "vanished"], ["<img src=x>", "failed"]] as const) {
      const program = new Program();
      const take = dropOn(program).heard[1];
      if (typeof take !== "function") throw new Error("nothing was dropped");
      const [file] = (await take("s")).files;
      program.refuses = code;
      await expect(file?.source.read(0, 10)).rejects.toMatchObject({ why });
      await expect(take("s")).rejects.toMatchObject({ code });
    }
  });
});

describe("the clipboard of the desktop console", () => {
  it("carries bytes both ways, and says why not", async () => {
    let kept: Awaited<ReturnType<Clip["readClipboard"]>> = { parts: [] };
    let refuses: unknown = null;
    const clip: Clip = {
      readClipboard: () => (refuses ? Promise.reject(refuses) : Promise.resolve(kept)),
      writeClipboard: (parts) => {
        kept = parts;
        return Promise.resolve();
      },
    };
    const clipboard = new NativeClipboard(clip);
    const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => (at * 7) % 256);
    await clipboard.write({ parts: [{ format: "png", bytes }] });
    expect((await clipboard.read()).parts).toEqual([{ format: "png", bytes }]);
    for (const [code, why] of [["secret", "secret"], ["unfocused", "unfocused"], ["strange", "failed"]]) {
      refuses = { code, message: "" };
      await expect(clipboard.read()).rejects.toMatchObject({ why });
    }
    refuses = "a text";
    await expect(clipboard.read()).rejects.toMatchObject({ why: "failed" });
    await expect(clipboard.write({ parts: [{ format: "text", bytes: new Uint8Array(1024 * 1024 + 1) }] })).rejects.toMatchObject({ why: "too_large" });
  });
});
