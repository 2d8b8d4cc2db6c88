import type { Clock } from "../link/link";
import { overlaps, type Rect } from "./picture";

/** Numbers of codecs on the wire. */
export const CODEC = { h264: 1, av1: 2 } as const;
/** More than this waiting in the decoder means that it cannot keep up: it starts again from a key frame. */
const MAX_QUEUE = 12;
/** A web view that says it can decode and gives no picture within this time cannot. */
const PROOF_MS = 1_500;
/** The framebuffer needs the pixels only for what is drawn from it later, so it takes them at leisure. */
const KEEP_EVERY_MS = 250;

/** One compressed picture of the region that behaves like video. */
export interface Unit {
  /** Names the unit to the framebuffer. */
  ticket: number;
  region: Rect;
  codec: number;
  keyframe: boolean;
  data: Uint8Array;
}

/** Where decoded pictures go. */
export interface VideoSink {
  /** Draws a picture straight to the canvas. False when only the framebuffer can be drawn. */
  show(picture: VideoFrame, region: Rect): boolean;
  /** Takes the pixels into the framebuffer; `draw` when the canvas does not show them yet. */
  keep(ticket: number, region: Rect, rgba: Uint8Array, draw: boolean): void;
  /** The frame's unit is on the screen, or will never be. */
  done(frame: number): void;
  /** The region cannot go on without a whole frame. */
  broken(): void;
  /** This browser has no decoder for the codec. */
  refused(codec: number): void;
}

/** Decodes where the web view cannot. */
export interface OtherDecoder {
  supports(codec: number): boolean;
  /** Null when it gives no picture. */
  decode(data: Uint8Array, timestamp: number): Promise<VideoFrame | null>;
}

interface Pending {
  frame: number;
  codec: number;
  ticket: number;
  region: Rect;
  /** Exact pixels came later for a part of the region: they win, which only the framebuffer can arrange. */
  covered: boolean;
}

/** The codec's name for WebCodecs. H.264's is in the key frame's sequence parameter set. */
export function codecName(codec: number, data: Uint8Array): string | null {
  if (codec === CODEC.av1) return "av01.0.12M.08";
  if (codec !== CODEC.h264) return null;
  for (let i = 0; i + 6 < data.length; i++) {
    if (data[i] === 0 && data[i + 1] === 0 && data[i + 2] === 1 && ((data[i + 3] ?? 0) & 0x1f) === 7) {
      const hex = [data[i + 4], data[i + 5], data[i + 6]].map((byte) => (byte ?? 0).toString(16).padStart(2, "0"));
      return `avc1.${hex.join("")}`;
    }
  }
  return null;
}

/** Decodes the video region. Its pictures come a little later than the exact pixels of the same frame. */
export class Video {
  readonly #sink: VideoSink;
  readonly #clock: Clock;
  #decoder: VideoDecoder | null = null;
  #config = "";
  #stamp = 0;
  readonly #pending = new Map<number, Pending>();
  #newest: { picture: VideoFrame; unit: Pending; shown: boolean } | null = null;
  #keptAt = Number.NEGATIVE_INFINITY;
  #keeping = false;
  #scratch: OffscreenCanvasRenderingContext2D | null = null;
  #cancelKeep: () => void = () => {};
  readonly #other: OtherDecoder | null;
  /** Codecs that the other decoder decodes, since the web view does not. */
  readonly #elsewhere = new Set<number>();
  #cancelProof: () => void = () => {};
  /** The web view has decoded a picture of this codec: its word that it can is believed. */
  #proven = 0;

  constructor(sink: VideoSink, clock: Clock, other: OtherDecoder | null = null) {
    this.#sink = sink;
    this.#clock = clock;
    this.#other = other;
  }

  /** Hands a unit to the decoder. `done` follows in any case. */
  decode(frame: number, unit: Unit): void {
    if (this.#elsewhere.has(unit.codec)) return this.#decodeElsewhere(frame, unit);
    if (!this.#ready(unit)) {
      if (this.#elsewhere.has(unit.codec) && unit.keyframe) return this.#decodeElsewhere(frame, unit);
      return this.#sink.done(frame);
    }
    const timestamp = ++this.#stamp;
    this.#pending.set(timestamp, { frame, codec: unit.codec, ticket: unit.ticket, region: unit.region, covered: false });
    try {
      this.#decoder?.decode(
        new EncodedVideoChunk({
          type: unit.keyframe ? "key" : "delta",
          timestamp,
          data: unit.data as Uint8Array<ArrayBuffer>,
        }),
      );
    } catch {
      this.clear();
      this.#sink.broken();
    }
  }

  /** Exact pixels came: `rects` is x, y, w, h for each rectangle. */
  exact(rects: Uint32Array): void {
    for (let i = 0; i + 3 < rects.length; i += 4) {
      const rect = { x: rects[i] ?? 0, y: rects[i + 1] ?? 0, w: rects[i + 2] ?? 0, h: rects[i + 3] ?? 0 };
      for (const unit of this.#pending.values()) unit.covered ||= overlaps(unit.region, rect);
    }
  }

  /** Forgets everything; the next unit must be a key frame. */
  clear(): void {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
    this.#config = "";
    this.#cancelProof();
    this.#cancelKeep();
    this.#newest?.picture.close();
    this.#newest = null;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const unit of waiting) this.#sink.done(unit.frame);
  }

  #ready(unit: Unit): boolean {
    if (typeof VideoDecoder === "undefined") {
      this.#refuse(unit.codec);
      return false;
    }
    if (!unit.keyframe) {
      if (this.#decoder && this.#pending.size <= MAX_QUEUE) return true;
      this.clear();
      this.#sink.broken();
      return false;
    }
    const config = codecName(unit.codec, unit.data);
    if (config !== null && config === this.#config && this.#decoder) return true;
    this.clear();
    if (config === null || !this.#configure(config, unit.codec)) {
      this.#refuse(unit.codec);
      return false;
    }
    return true;
  }

  #configure(config: string, codec: number): boolean {
    const decoder = new VideoDecoder({
      output: (picture) => this.#output(picture),
      error: (error) => {
        if (this.#decoder !== decoder) return;
        this.clear();
        if (error.name === "NotSupportedError") this.#refuse(codec);
        this.#sink.broken();
      },
    });
    try {
      decoder.configure({ codec: config, optimizeForLatency: true });
    } catch {
      return false;
    }
    this.#decoder = decoder;
    this.#config = config;
    if (this.#other?.supports(codec) && this.#proven !== codec) {
      this.#cancelProof = this.#clock.after(PROOF_MS, () => {
        this.#refuse(codec);
        this.clear();
        this.#sink.broken();
      });
    }
    return true;
  }

  /** The web view cannot: somebody else does it, or the far side is told to send another. */
  #refuse(codec: number): void {
    if (this.#other?.supports(codec)) this.#elsewhere.add(codec);
    else this.#sink.refused(codec);
  }

  #decodeElsewhere(frame: number, unit: Unit): void {
    if (this.#pending.size > MAX_QUEUE) {
      this.clear();
      this.#sink.broken();
      return this.#sink.done(frame);
    }
    const timestamp = ++this.#stamp;
    this.#pending.set(timestamp, { frame, codec: unit.codec, ticket: unit.ticket, region: unit.region, covered: false });
    void this.#other?.decode(unit.data, timestamp).then((picture) => {
      if (picture) return this.#output(picture);
      if (!this.#pending.delete(timestamp)) return;
      this.#sink.done(frame);
      this.#sink.broken();
    });
  }

  #output(picture: VideoFrame): void {
    const unit = this.#pending.get(picture.timestamp);
    if (!unit) return picture.close();
    this.#pending.delete(picture.timestamp);
    this.#cancelProof();
    this.#proven = unit.codec;
    const shown = !unit.covered && this.#sink.show(picture, unit.region);
    this.#sink.done(unit.frame);
    this.#newest?.picture.close();
    this.#newest = { picture, unit, shown };
    this.#keepLater();
  }

  #keepLater(): void {
    if (this.#keeping || !this.#newest) return;
    const wait = this.#newest.shown ? this.#keptAt + KEEP_EVERY_MS - this.#clock.now() : 0;
    this.#cancelKeep();
    if (wait > 0) this.#cancelKeep = this.#clock.after(wait, () => void this.#keep());
    else void this.#keep();
  }

  async #keep(): Promise<void> {
    const job = this.#newest;
    if (!job || this.#keeping) return;
    this.#newest = null;
    this.#keeping = true;
    this.#keptAt = this.#clock.now();
    const rgba = await this.#pixels(job.picture, job.unit.region);
    job.picture.close();
    this.#keeping = false;
    if (rgba) this.#sink.keep(job.unit.ticket, job.unit.region, rgba, !job.shown);
    this.#keepLater();
  }

  async #pixels(picture: VideoFrame, { w, h }: Rect): Promise<Uint8Array | null> {
    try {
      const rgba = new Uint8Array(w * h * 4);
      const options = { format: "RGBA", rect: { x: 0, y: 0, width: w, height: h } } as VideoFrameCopyToOptions;
      await picture.copyTo(rgba, options);
      return rgba;
    } catch {
      // Not every browser converts by itself.
    }
    this.#scratch ??= new OffscreenCanvas(w, h).getContext("2d", { alpha: false, willReadFrequently: true });
    const scratch = this.#scratch;
    if (!scratch) return null;
    scratch.canvas.width = w;
    scratch.canvas.height = h;
    scratch.drawImage(picture, 0, 0, w, h);
    return new Uint8Array(scratch.getImageData(0, 0, w, h).data.buffer);
  }
}
