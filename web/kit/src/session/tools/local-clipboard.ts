import { CLIPBOARD, type ClipboardFormat } from "../../types";

/** The formats that are carried, the plainest first. */
export const FORMATS = ["text", "html", "png"] as const satisfies readonly ClipboardFormat[];
export type Format = (typeof FORMATS)[number];

const TYPES: Record<Format, string> = { text: "text/plain", html: "text/html", png: "image/png" };

/** One thing in several formats. */
export interface Content {
  parts: { format: Format; bytes: Uint8Array<ArrayBuffer> }[];
}

export type RefusalWhy = "denied" | "unfocused" | "unsupported" | "empty" | "secret" | "too_large" | "failed";

/** Why this computer's clipboard gives or takes nothing. */
export class ClipboardRefusal extends Error {
  constructor(readonly why: RefusalWhy) {
    super(why);
  }
}

/** The technician's own clipboard: the browser's, or in the desktop console Rust's. */
export interface LocalClipboard {
  read(): Promise<Content>;
  write(content: Content): Promise<void>;
}

/** Within the limits, empty parts left out; refuses when nothing is left. */
export function withinLimits(content: Content): Content {
  const filled = content.parts.filter(({ bytes }) => bytes.length > 0);
  if (filled.length === 0) throw new ClipboardRefusal("empty");
  let parts = filled.filter(({ format, bytes }) => bytes.length <= CLIPBOARD[format]);
  const total = (): number => parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  while (total() > CLIPBOARD.content) parts = parts.slice(0, -1);
  if (parts.length === 0) throw new ClipboardRefusal("too_large");
  return { parts };
}

/** Whether bytes of the far side are what they claim to be: text is UTF-8, an image a PNG file of bounded size. */
export function isGenuine(format: Format, bytes: Uint8Array): boolean {
  if (bytes.length > CLIPBOARD[format]) return false;
  if (format !== "png") {
    try {
      return !new TextDecoder("utf-8", { fatal: true }).decode(bytes).includes("\0");
    } catch {
      return false;
    }
  }
  const head = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (bytes.length < 24 || head.some((byte, at) => bytes[at] !== byte)) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pixels = view.getUint32(16) * view.getUint32(20);
  return view.getUint32(12) === 0x49484452 && pixels > 0 && pixels <= CLIPBOARD.pixels;
}

/** Tells the same content from another. */
export function fingerprint(content: Content): string {
  return content.parts
    .map(({ format, bytes }) => {
      let hash = 0x811c9dc5;
      for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
      return `${format}:${bytes.length}:${hash >>> 0}`;
    })
    .join(" ");
}

/** What a paste into a field of ours brings along, where the browser lets nobody read the clipboard by itself. */
export async function pasted(data: DataTransfer): Promise<Content> {
  const parts: Content["parts"] = [];
  const encoder = new TextEncoder();
  for (const format of ["text", "html"] as const) {
    const text = data.getData(TYPES[format]);
    if (text !== "") parts.push({ format, bytes: encoder.encode(text) });
  }
  const image = [...data.files].find(({ type }) => type === TYPES.png);
  if (image) parts.push({ format: "png", bytes: new Uint8Array(await image.arrayBuffer()) });
  return withinLimits({ parts });
}

/** The browser's clipboard. Whether the page may use it is the browser's and the person's to say. */
export class BrowserClipboard implements LocalClipboard {
  readonly #clipboard: Clipboard | null;
  readonly #focused: () => boolean;

  /** A page that did not come over an encrypted way is given none. */
  constructor(clipboard: Clipboard | null = (navigator as { clipboard?: Clipboard }).clipboard ?? null, focused = (): boolean => document.hasFocus()) {
    this.#clipboard = clipboard;
    this.#focused = focused;
  }

  async read(): Promise<Content> {
    const clipboard = this.#clipboard;
    if (!clipboard || !("read" in clipboard)) throw new ClipboardRefusal("unsupported");
    return this.#answered(async () => {
      const parts: Content["parts"] = [];
      const items = await clipboard.read();
      for (const format of FORMATS) {
        const item = items.find(({ types }) => types.includes(TYPES[format]));
        if (!item) continue;
        const blob = await item.getType(TYPES[format]);
        // Not even looked at when it is too large.
        if (blob.size > CLIPBOARD[format]) parts.push({ format, bytes: new Uint8Array(CLIPBOARD[format] + 1) });
        else parts.push({ format, bytes: new Uint8Array(await blob.arrayBuffer()) });
      }
      return withinLimits({ parts });
    });
  }

  async write({ parts }: Content): Promise<void> {
    const clipboard = this.#clipboard;
    if (!clipboard) throw new ClipboardRefusal("unsupported");
    await this.#answered(async () => {
      if (!("write" in clipboard) || typeof ClipboardItem === "undefined") {
        const text = parts.find(({ format }) => format === "text");
        if (!text) throw new ClipboardRefusal("unsupported");
        return (clipboard as Clipboard).writeText(new TextDecoder().decode(text.bytes));
      }
      const blobs = parts.map(({ format, bytes }) => [TYPES[format], new Blob([bytes], { type: TYPES[format] })] as const);
      return clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    });
  }

  async #answered<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ClipboardRefusal) throw error;
      const name = error instanceof Error ? error.name : "";
      if (name === "NotAllowedError" || name === "SecurityError") throw new ClipboardRefusal(this.#focused() ? "denied" : "unfocused");
      throw new ClipboardRefusal(name === "NotFoundError" || name === "DataError" ? "empty" : "failed");
    }
  }
}
