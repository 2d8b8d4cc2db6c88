// Does for each file what the list of transfers wants of a disk, in order: reads what goes, writes what comes, and
// hashes both.
import type { FileEnd, TransferJob, TransferSaid } from "../../../types";

/** A file of this side that can be read in parts. */
export interface Source {
  readonly size: number;
  /** Rejects with a {@link DiskError}. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** It is not read any more. */
  close?(): void;
}

/** A file that is being written, under a name of its own when it is whole. */
export interface Sink {
  /** Rejects with a {@link DiskError}. */
  write(bytes: Uint8Array): Promise<void>;
  /** Gives it its name, which is told. Where this takes the hash of the whole, it hashed what it wrote, and compares. */
  keep(hash: Uint8Array): Promise<string>;
  /** It hashes by itself. */
  readonly hashes?: boolean;
  /** Throws away what is there. */
  drop(): Promise<void>;
}

/** Which file of the customer's is being written. */
export interface Fetched {
  session: string;
  transfer: number;
  /** Where it lies on the customer's computer. */
  from: string;
}

/** Where files go that come. */
export interface Place {
  /** Rejects with a {@link DiskError}. */
  create(steps: readonly string[], size: number, fetched: Fetched): Promise<Sink>;
}

export interface HasherLike {
  update(bytes: Uint8Array): void;
  finish(): Uint8Array;
  free(): void;
}

/** Why a disk could not do something. */
export class DiskError extends Error {
  constructor(readonly why: FileEnd) {
    super(why);
  }
}

/** Reading for a hash alone takes so much at once. */
const PIECE = 1024 * 1024;
/** Small pieces that come one after another are written together, up to this. */
const TOGETHER = 1024 * 1024;

interface Open {
  jobs: TransferJob[];
  busy: boolean;
  source: Source | null;
  place: Place | null;
  fetched: Fetched | null;
  sink: Sink | null;
  hasher: HasherLike;
  at: number;
  over: boolean;
}

/** Reasons of the browser's, in ours. */
function why(error: unknown): FileEnd {
  if (error instanceof DiskError) return error.why;
  switch (error instanceof Error ? error.name : "") {
    case "QuotaExceededError":
      return "disk_full";
    case "NotFoundError":
      return "vanished";
    case "NotAllowedError":
    case "NoModificationAllowedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "InvalidStateError":
      return "changed";
    default:
      return "failed";
  }
}

export class Disks {
  readonly #open = new Map<number, Open>();
  readonly #hasher: () => HasherLike;
  readonly #say: (transfer: number, said: TransferSaid) => void;
  readonly #pause: (bytes: number) => Promise<void> | null;

  /** `pause` holds up what comes behind so many bytes that were read or written, while something else goes first. */
  constructor(hasher: () => HasherLike, say: (transfer: number, said: TransferSaid) => void, pause: (bytes: number) => Promise<void> | null = () => null) {
    this.#hasher = hasher;
    this.#say = say;
    this.#pause = pause;
  }

  /** The next jobs for this number read this file. */
  reads(transfer: number, source: Source): void {
    this.#add(transfer, source, null);
  }

  /** The next jobs for this number write a file there, of which the first `had` bytes are there. */
  writes(place: Place, fetched: Fetched, had = 0): void {
    this.#add(fetched.transfer, null, place, fetched, had);
  }

  #add(transfer: number, source: Source | null, place: Place | null, fetched: Fetched | null = null, at = 0): void {
    this.#open.set(transfer, { jobs: [], busy: false, source, place, fetched, sink: null, hasher: this.#hasher(), at, over: false });
  }

  work(transfer: number, job: TransferJob): void {
    const open = this.#open.get(transfer);
    if (!open) return;
    if (job.type === "close") {
      // What was still to be done is not wanted any more.
      open.over = true;
      open.jobs = [];
    }
    open.jobs.push(job);
    if (!open.busy) void this.#run(transfer, open);
  }

  /** Whether anything is open here. */
  get busy(): boolean {
    return this.#open.size > 0;
  }

  async #run(transfer: number, open: Open): Promise<void> {
    open.busy = true;
    for (let job = open.jobs.shift(); job; job = open.jobs.shift()) {
      try {
        const before = open.at;
        const said = await this.#do(transfer, open, job);
        if (said?.type === "read" || said?.type === "written") await this.#pause(open.at - before);
        if (said && !open.over) this.#say(transfer, said);
      } catch (error) {
        if (!open.over) this.#say(transfer, { type: "failed", why: why(error) });
      }
    }
    open.busy = false;
  }

  async #do(transfer: number, open: Open, job: TransferJob): Promise<TransferSaid | null> {
    switch (job.type) {
      case "create": {
        if (!open.place || !open.fetched) throw new DiskError("failed");
        const sink = await open.place.create(job.path, job.size, open.fetched);
        if (open.over) {
          await sink.drop();
          return null;
        }
        open.sink = sink;
        return { type: "created" };
      }
      case "write": {
        const bytes = together(job.bytes, open.jobs);
        await open.sink?.write(bytes);
        if (!open.sink?.hashes) open.hasher.update(bytes);
        open.at += bytes.length;
        return { type: "written", until: open.at };
      }
      case "finish": {
        if (!open.sink) throw new DiskError("failed");
        const ours = open.sink.hashes ? job.hash : open.hasher.finish();
        if (ours.some((byte, at) => byte !== job.hash[at])) throw new DiskError("mismatch");
        const name = await open.sink.keep(job.hash);
        open.sink = null;
        this.#free(transfer, open);
        return { type: "kept", name };
      }
      case "open":
        throw new DiskError("failed");
      case "seek": {
        const { source } = open;
        if (!source) throw new DiskError("failed");
        if (job.offset < open.at) {
          open.hasher.free();
          open.hasher = this.#hasher();
          open.at = 0;
        }
        // What the other end has is part of the hash.
        while (open.at < job.offset && !open.over) {
          const bytes = await source.read(open.at, Math.min(PIECE, job.offset - open.at));
          if (bytes.length === 0) throw new DiskError("changed");
          open.hasher.update(bytes);
          open.at += bytes.length;
        }
        return null;
      }
      case "read": {
        const { source } = open;
        if (!source) throw new DiskError("failed");
        const length = Math.min(job.length, source.size - open.at);
        const bytes = length > 0 ? await source.read(open.at, length) : new Uint8Array();
        open.hasher.update(bytes);
        open.at += bytes.length;
        const hash = open.at === source.size ? open.hasher.finish() : null;
        return { type: "read", turn: job.turn, bytes, hash };
      }
      case "close":
        await open.sink?.drop().catch(() => undefined);
        this.#free(transfer, open);
        return null;
    }
  }

  #free(transfer: number, open: Open): void {
    if (this.#open.get(transfer) !== open) return;
    this.#open.delete(transfer);
    open.hasher.free();
    open.source?.close?.();
  }

  /** The page goes: nothing is read any more. */
  leave(): void {
    for (const { source } of this.#open.values()) source?.close?.();
  }
}

/** Takes the writes that follow at once out of the list, as one piece. */
function together(first: Uint8Array, jobs: TransferJob[]): Uint8Array {
  const pieces = [first];
  let length = first.length;
  for (let next = jobs[0]; next?.type === "write" && length + next.bytes.length <= TOGETHER; next = jobs[0]) {
    pieces.push(next.bytes);
    length += next.bytes.length;
    jobs.shift();
  }
  if (pieces.length === 1) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
