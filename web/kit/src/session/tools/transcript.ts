import type { Line } from "./chat.svelte";
import { shownText } from "./links";

/** A session's chat as the organisation keeps it, sealed: see `writeTranscript`. */
export interface Transcript {
  /** Lines that are not in it, because there were too many. */
  leftOut: number;
  technician: string;
  customer: string;
  lines: readonly { at: number; who: Line["who"]; name: string; text: string }[];
}

/** The largest transcript, in bytes; the service takes no larger one. */
export const MAX_TRANSCRIPT = 512 * 1024;
const KIND = "chat 1";
const WHO: ReadonlySet<unknown> = new Set<Line["who"]>(["me", "customer", "other"]);

/** What a chat is sealed for, so that it cannot be taken for a receipt, or for another session's chat. */
export function chatPurpose(session: string): string {
  return `${session}/chat`;
}

/** The lines that the agent has, oldest first; where they are too many, the oldest are left out. */
export function writeTranscript(lines: readonly Line[], dropped: number, names: { technician: string; customer: string }): Uint8Array {
  const said = lines.filter(({ number }) => number !== null).map(({ at, who, name, text }) => ({ at, who, name, text }));
  for (let from = 0; ; from += Math.max(1, Math.ceil((said.length - from) / 8))) {
    const whole = { farhand: KIND, leftOut: dropped + from, ...names, lines: said.slice(from) };
    const bytes = new TextEncoder().encode(JSON.stringify(whole));
    if (bytes.length <= MAX_TRANSCRIPT || from >= said.length) return bytes;
  }
}

/** A transcript that was opened. Whoever sealed it may have written anything: null for what is none. */
export function readTranscript(bytes: Uint8Array): Transcript | null {
  try {
    const found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Record<string, unknown>;
    if (found["farhand"] !== KIND || !Array.isArray(found["lines"])) return null;
    const lines = (found["lines"] as unknown[]).map((one) => {
      const { at, who, name, text } = one as Record<string, unknown>;
      if (typeof at !== "number" || !Number.isFinite(at) || Math.abs(at) > 8.64e15 || !WHO.has(who)) throw new Error("no line");
      return { at, who: who as Line["who"], name: shownText(String(name)), text: shownText(String(text)) };
    });
    const text = (key: string): string => shownText(typeof found[key] === "string" ? found[key] : "");
    const leftOut = typeof found["leftOut"] === "number" && found["leftOut"] > 0 ? Math.floor(found["leftOut"]) : 0;
    return { leftOut, technician: text("technician"), customer: text("customer"), lines };
  } catch {
    return null;
  }
}
