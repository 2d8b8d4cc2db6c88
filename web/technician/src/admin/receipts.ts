import init, { letterOpen, letterPublic, readReceipt } from "@kit/wasm/farhand_wasm.js";
import wasmUrl from "@kit/wasm/farhand_wasm_bg.wasm?url";
import type { ShownReceipt } from "@kit/session/shown";

/** Loads the module when it is first needed; the pages of an administrator seldom do. */
let loading: Promise<unknown> | null = null;
const ready = (): Promise<unknown> => (loading ??= init({ module_or_path: wasmUrl }));

/** A new key pair for receipts. */
export async function makeKey(): Promise<{ secret: Uint8Array; publicKey: Uint8Array }> {
  await ready();
  const secret = crypto.getRandomValues(new Uint8Array(32));
  return { secret, publicKey: letterPublic(secret) };
}

/** A sealed receipt, opened and checked; null when it was sealed to another key or for another session, or was changed. */
export async function openReceipt(secret: Uint8Array, session: string, letter: Uint8Array): Promise<{ file: Uint8Array; shown: ShownReceipt } | null> {
  await ready();
  try {
    const file = letterOpen(secret, session, letter);
    return { file, shown: readReceipt(file, "") as ShownReceipt };
  } catch {
    return null;
  }
}

/** Hands a file to the person. */
export function handOut(bytes: BlobPart, name: string): void {
  const link = document.createElement("a");
  link.download = name;
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
