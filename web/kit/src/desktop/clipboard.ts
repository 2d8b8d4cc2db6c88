// This computer's clipboard by the program, where a web view asks or refuses, and knows no marks of password managers.
import { CLIPBOARD } from "../types";
import { ClipboardRefusal, type Content, type LocalClipboard, type RefusalWhy } from "../session/tools/local-clipboard";
import { desktop } from "./bindings";

const WHYS: readonly RefusalWhy[] = ["unfocused", "empty", "secret", "too_large", "failed", "unsupported"];
/** Letters that are made of bytes at once. */
const AT_ONCE = 8192;

export type Clip = Pick<typeof desktop, "readClipboard" | "writeClipboard">;

function refusal(error: unknown): ClipboardRefusal {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "failed";
  return new ClipboardRefusal(WHYS.find((why) => why === code) ?? "failed");
}

function base64(bytes: Uint8Array): string {
  let letters = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE) letters += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  return btoa(letters);
}

export class NativeClipboard implements LocalClipboard {
  readonly #clip: Clip;

  constructor(clip: Clip = desktop) {
    this.#clip = clip;
  }

  async read(): Promise<Content> {
    const { parts } = await this.#clip.readClipboard().catch((error: unknown) => Promise.reject(refusal(error)));
    return { parts: parts.map(({ format, base64 }) => ({ format, bytes: Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)) })) };
  }

  async write({ parts }: Content): Promise<void> {
    if (parts.some(({ format, bytes }) => bytes.length > CLIPBOARD[format])) throw new ClipboardRefusal("too_large");
    const told = parts.map(({ format, bytes }) => ({ format, base64: base64(bytes) }));
    await this.#clip.writeClipboard({ parts: told }).catch((error: unknown) => Promise.reject(refusal(error)));
  }
}
