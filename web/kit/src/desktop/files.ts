// Files by the program: those of customers are written to this computer's disk as they come, whatever their size, and
// those that a person drops on the window are read by their numbers.
import { DiskError, type Place, type Sink } from "../session/tools/files/disk";
import { PartSource, type DropHearer, type FileWays, type Offered, type Taken } from "../session/tools/files/browser";
import type { FileEnd } from "../types";
import { desktop } from "./bindings";

/** What the program says of a file that it cannot write; everything else went wrong otherwise. */
const ENDS: readonly FileEnd[] = ["name", "denied", "vanished", "not_a_file", "disk_full", "changed", "mismatch", "busy", "failed"];

/** What the files' way needs of the program. */
export type Disk = Pick<typeof desktop, "beginFile" | "writeFile" | "keepFile" | "dropFile" | "openFiles" | "takeDropped" | "readDropped" | "forgetDropped">;

function ended(error: unknown): DiskError {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "failed";
  return new DiskError(ENDS.find((end) => end === code) ?? "failed");
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Bytes of their own and nothing around them: they are handed over as they are. */
function exactly(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

function sink(disk: Disk, file: number, had: number): Sink {
  let at = had;
  const answered = <T>(answer: Promise<T>): Promise<T> => answer.catch((error: unknown) => Promise.reject(ended(error)));
  return {
    hashes: true,
    write: async (bytes) => {
      await answered(disk.writeFile(exactly(bytes), { file, offset: at }));
      at += bytes.length;
    },
    keep: async (hash) => (await answered(disk.keepFile({ file, hash: hex(hash) }))).name,
    drop: () => disk.dropFile({ file }).catch(() => undefined),
  };
}

/** The downloads folder, of which so much of a file is there. */
function place(disk: Disk, had = 0): Place {
  return {
    create: async (steps, size, { session, transfer, from }) => {
      try {
        const { file } = await disk.beginFile({ session, transfer, from, steps: [...steps], size });
        return sink(disk, file, had);
      } catch (error) {
        throw ended(error);
      }
    },
  };
}

/** A file that was dropped and taken for a session. */
class DroppedSource extends PartSource {
  readonly #forget: () => void;

  constructor(disk: Disk, session: string, file: number, size: number) {
    super(size, async (offset, length) => {
      try {
        return new Uint8Array(await disk.readDropped({ session, file, offset, length }));
      } catch (error) {
        throw ended(error);
      }
    });
    this.#forget = () => void disk.forgetDropped({ file }).catch(() => undefined);
  }

  close(): void {
    this.#forget();
  }
}

/** What the program tells of drops on this window, to whoever wants to know. */
export class Drops {
  readonly #hearers = new Set<DropHearer>();
  readonly #disk: Disk;

  constructor(disk: Disk = desktop) {
    this.#disk = disk;
  }

  listen(hearer: DropHearer): () => void {
    this.#hearers.add(hearer);
    return () => void this.#hearers.delete(hearer);
  }

  over(over: boolean): void {
    for (const hearer of this.#hearers) hearer.over(over);
  }

  dropped(drop: number): void {
    for (const hearer of this.#hearers) hearer.dropped((session) => this.#take(drop, session));
  }

  async #take(drop: number, session: string): Promise<{ files: Offered[]; cut: boolean }> {
    const { files, cut } = await this.#disk.takeDropped({ drop, session });
    return { files: files.map(({ file, steps, size }) => ({ steps, source: new DroppedSource(this.#disk, session, file, size) })), cut };
  }
}

/** Those of this window. */
export const drops = new Drops();

/** The ways of the program: everything goes into this computer's downloads folder, under names that nothing has there. */
export function nativeFileWays(disk: Disk = desktop, dropped: Drops = drops): FileWays {
  return {
    placeForFile: () => Promise.resolve(place(disk)),
    placeForFolder: () => Promise.resolve(place(disk)),
    streams: true,
    downloads: true,
    taken: async (session): Promise<Taken[]> => {
      const { files } = await disk.openFiles({ session });
      return files.map(({ transfer, from, steps, size, had }) => ({ transfer, from, steps, size, had, place: place(disk, had) }));
    },
    drops: (hearer) => dropped.listen(hearer),
  };
}
