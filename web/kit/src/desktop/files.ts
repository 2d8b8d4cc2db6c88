// Files of customers on their way to this computer's disk, by the program: written as they come, whatever their size.
import { DiskError, type Place, type Sink } from "../session/tools/files/disk";
import type { FileWays, Taken } from "../session/tools/files/browser";
import type { FileEnd } from "../types";
import { desktop } from "./bindings";

/** What the program says of a file that it cannot write; everything else went wrong otherwise. */
const ENDS: readonly FileEnd[] = ["name", "denied", "vanished", "not_a_file", "disk_full", "changed", "mismatch", "busy", "failed"];

/** What the files' way needs of the program. */
export type Disk = Pick<typeof desktop, "beginFile" | "writeFile" | "keepFile" | "dropFile" | "openFiles">;

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

/** The ways of the program: everything goes into this computer's downloads folder, under names that nothing has there. */
export function nativeFileWays(disk: Disk = desktop): FileWays {
  return {
    placeForFile: () => Promise.resolve(place(disk)),
    placeForFolder: () => Promise.resolve(place(disk)),
    streams: true,
    downloads: true,
    taken: async (session): Promise<Taken[]> => {
      const { files } = await disk.openFiles({ session });
      return files.map(({ transfer, from, steps, size, had }) => ({ transfer, from, steps, size, had, place: place(disk, had) }));
    },
  };
}
