import type { Quality } from "./messages";
import { CODEC } from "./video";

/** The picture's figures are of this long. */
const SPAN_MS = 4_000;

interface Sample {
  at: number;
  bytes: number;
  messages: number;
  frames: number;
  gaps: number;
  codec: number | null;
}

/** Counts what the picture comes to. */
export class Meter {
  readonly #now: Sample = { at: 0, bytes: 0, messages: 0, frames: 0, gaps: 0, codec: null };
  /** Oldest first; each has the codec of the time since the one before. */
  readonly #past: Sample[] = [];

  message(bytes: number): void {
    this.#now.bytes += bytes;
    this.#now.messages += 1;
  }

  /** Something of the picture did not come. */
  gap(): void {
    this.#now.gaps += 1;
  }

  /** A frame is whole; with a video region in it, its codec. */
  frame(codec: number | null): void {
    this.#now.frames += 1;
    this.#now.codec = codec ?? this.#now.codec;
  }

  /** The figures of the last seconds; read it now and then. */
  read(now: number): Quality {
    this.#past.push({ ...this.#now, at: now });
    this.#now.codec = null;
    while ((this.#past[1]?.at ?? now) <= now - SPAN_MS) this.#past.shift();
    const first = this.#past[0];
    const seconds = first ? (now - first.at) / 1000 : 0;
    const used = this.#past.findLast(({ codec }) => codec !== null)?.codec ?? null;
    const codec = used === null ? null : used === CODEC.h264 ? "h264" : "av1";
    if (!first || seconds <= 0) return { frames: 0, rate: 0, loss: 0, codec };
    const since = (name: "bytes" | "messages" | "frames" | "gaps"): number => this.#now[name] - first[name];
    const [messages, gaps] = [since("messages"), since("gaps")];
    const loss = messages + gaps === 0 ? 0 : (gaps / (messages + gaps)) * 100;
    return { frames: since("frames") / seconds, rate: (since("bytes") * 8) / seconds, loss, codec };
  }
}
