// Files of a browser: what a person drops or chooses, and where they have something saved.
import { DiskError, type Place, type Sink, type Source } from "./disk";

/** Without a way to write to a disk a browser keeps a file in its memory; larger ones are not taken there. */
export const MAX_IN_MEMORY = 512 * 1024 * 1024;

interface SaveWindow {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
  showDirectoryPicker?(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
}

/**
 * A browser is asked for so much of a file at once, and for the next part before it is wanted: each asking takes long. A
 * multiple of what is read for messages of full length.
 */
const PART = 960 * 1024;

/** A file that is told in parts. */
export class PartSource implements Source {
  readonly size: number;
  readonly #read: (offset: number, length: number) => Promise<Uint8Array>;
  /** The part that was wanted last, and the one behind it. */
  readonly #parts = new Map<number, Promise<Uint8Array>>();

  /** `read` is never asked for what lies outside. */
  constructor(size: number, read: (offset: number, length: number) => Promise<Uint8Array>) {
    this.size = size;
    this.#read = read;
  }

  /** May give fewer bytes than were asked for. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const at = offset - (offset % PART);
    const part = await this.#part(at);
    if (at + PART < this.size) this.#part(at + PART).catch(() => undefined);
    for (const other of this.#parts.keys()) if (other !== at && other !== at + PART) this.#parts.delete(other);
    return part.subarray(offset - at, offset - at + length);
  }

  #part(at: number): Promise<Uint8Array> {
    const known = this.#parts.get(at);
    if (known) return known;
    const part = this.#read(at, Math.min(PART, this.size - at));
    this.#parts.set(at, part);
    return part;
  }
}

/** A file that a person gave the page. */
export class FileSource extends PartSource {
  constructor(file: File) {
    super(file.size, async (offset, length) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer()));
  }
}

/** A file to send, with the folders above it. */
export interface Given {
  steps: string[];
  file: File;
  /** Lasting, where the browser has such. */
  handle?: FileSystemFileHandle | null;
}

/** Files and folders of a drop, as far down as they go. Must be called while the event is handled. */
export async function givenByDrop(data: DataTransfer): Promise<Given[]> {
  const entries = [...data.items].map((item) => (item.kind === "file" ? item.webkitGetAsEntry() : null));
  const files = [...data.files];
  const handles = [...data.items].map((item) => (item as { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> }).getAsFileSystemHandle?.().catch(() => null));
  const given: Given[] = [];
  for (const [at, entry] of entries.entries()) {
    if (!entry) continue;
    const first = given.length;
    await walk(entry, [], given);
    const handle = await handles[at];
    const file = given[first];
    if (file && entry.isFile && handle?.kind === "file") file.handle = handle as FileSystemFileHandle;
  }
  return given.length > 0 ? given : files.map((file) => ({ steps: [file.name], file }));
}

async function walk(entry: FileSystemEntry, above: string[], given: Given[]): Promise<void> {
  const steps = [...above, entry.name];
  if (entry.isFile) {
    const file = await new Promise<File | null>((resolve) => (entry as FileSystemFileEntry).file(resolve, () => resolve(null)));
    if (file) given.push({ steps, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A browser tells a folder in parts.
    const part = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (part.length === 0) return;
    for (const below of part) await walk(below, steps, given);
  }
}

/** Files that were chosen, of a folder with the way to them. */
export function givenByChoice(list: FileList): Given[] {
  return [...list].map((file) => ({ steps: (file.webkitRelativePath || file.name).split("/").filter(Boolean), file }));
}

/** Asks where one file goes. Null when the person does not want it after all. */
export async function placeForFile(name: string): Promise<Place | null> {
  const pick = (window as SaveWindow).showSaveFilePicker;
  if (!pick) return inMemory;
  const handle = await pick.call(window, { suggestedName: name }).catch(unwanted);
  return handle ? { create: () => written(handle) } : null;
}

/** Asks where a folder goes, or several files. Null when the person does not want it after all. */
export async function placeForFolder(): Promise<Place | null> {
  const pick = (window as SaveWindow).showDirectoryPicker;
  if (!pick) return inMemory;
  const root = await pick.call(window, { mode: "readwrite" }).catch(unwanted);
  return root ? { create: (steps) => inFolder(root, steps) } : null;
}

function unwanted(error: unknown): null {
  if (error instanceof DOMException && error.name === "AbortError") return null;
  throw error;
}

async function inFolder(root: FileSystemDirectoryHandle, steps: readonly string[]): Promise<Sink> {
  let folder = root;
  for (const step of steps.slice(0, -1)) folder = await folder.getDirectoryHandle(step, { create: true });
  const name = await free(folder, steps.at(-1) ?? "_");
  return written(await folder.getFileHandle(name, { create: true }), () => folder.removeEntry(name));
}

/** The first name that nothing has yet. */
async function free(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let number = 1; number <= 9999; number += 1) {
    const next = number === 1 ? name : `${stem} (${number})${ending}`;
    const taken = await folder.getFileHandle(next).then(
      () => true,
      (error: unknown) => !(error instanceof DOMException && error.name === "NotFoundError"),
    );
    if (!taken) return next;
  }
  throw new DiskError("name");
}

/** The browser writes beside the file, and puts it in its place when it is closed. */
async function written(handle: FileSystemFileHandle, remove?: () => Promise<void>): Promise<Sink> {
  const stream = await handle.createWritable();
  return {
    write: (bytes) => stream.write(bytes as Uint8Array<ArrayBuffer>),
    keep: async () => {
      await stream.close();
      return handle.name;
    },
    drop: async () => {
      await stream.abort();
      await remove?.();
    },
  };
}

const inMemory: Place = {
  create: (steps, size) => {
    if (size > MAX_IN_MEMORY) return Promise.reject(new DiskError("disk_full"));
    const name = steps.at(-1) ?? "file";
    let parts: Uint8Array<ArrayBuffer>[] = [];
    return Promise.resolve({
      write: (bytes) => {
        parts.push(bytes as Uint8Array<ArrayBuffer>);
        return Promise.resolve();
      },
      keep: () => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob(parts));
        link.download = name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
        return Promise.resolve(name);
      },
      drop: () => {
        parts = [];
        return Promise.resolve();
      },
    });
  },
};

/** A file of the customer's that a page before this one was writing. */
export interface Taken {
  transfer: number;
  from: string;
  steps: string[];
  size: number;
  /** So much of it is there. */
  had: number;
  place: Place;
}

/** A file to send that is no browser's. */
export interface Offered {
  steps: string[];
  source: Source;
}

/** Takes what was dropped, once, for a session. `cut` says that there was more than can be taken at once. */
export type TakeDropped = (session: string) => Promise<{ files: Offered[]; cut: boolean }>;

/** Hears what is dropped on the window. */
export interface DropHearer {
  /** Files are held over the window, or no longer. */
  over(over: boolean): void;
  dropped(take: TakeDropped): void;
}

/** What the page does with files. A browser's ways, unless a program that shows the same pages brings its own. */
export interface FileWays {
  placeForFile(name: string): Promise<Place | null>;
  placeForFolder(): Promise<Place | null>;
  /** Files can be written as they come, whatever their size. */
  streams: boolean;
  /** Everything goes into the downloads folder, without asking. */
  downloads?: boolean;
  /** What a page before this one was writing for a session. */
  taken?(session: string): Promise<Taken[]>;
  /** Hears of drops until what it gives is called; those that the page is told by itself are not taken then. */
  drops?(hearer: DropHearer): () => void;
}

let current: FileWays = {
  placeForFile,
  placeForFolder,
  get streams() {
    return typeof window !== "undefined" && "showSaveFilePicker" in window;
  },
};

export const fileWays = (): FileWays => current;

/** Called once, before the first session. */
export function useFileWays(ways: FileWays): void {
  current = ways;
}
