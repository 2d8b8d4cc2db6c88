import init, { letterOpen, letterSeal } from "@kit/wasm/farhand_wasm.js";
import wasmUrl from "@kit/wasm/farhand_wasm_bg.wasm?url";
import { chatPurpose, readTranscript, type Transcript } from "@kit/session/tools/transcript";

let loading: Promise<unknown> | null = null;
/** Loads the module when something is first to be sealed or opened. */
const ready = (): Promise<unknown> => (loading ??= init({ module_or_path: wasmUrl }));

/** A session's chat, sealed to the organisation's key for receipts. */
export async function sealChat(key: Uint8Array, session: string, transcript: Uint8Array): Promise<Uint8Array> {
  await ready();
  return letterSeal(key, chatPurpose(session), transcript, crypto.getRandomValues(new Uint8Array(32)));
}

/** A sealed chat, opened; null when it was sealed to another key or for another session, was changed, or is none. */
export async function openChat(secret: Uint8Array, session: string, letter: Uint8Array): Promise<Transcript | null> {
  await ready();
  try {
    return readTranscript(letterOpen(secret, chatPurpose(session), letter));
  } catch {
    return null;
  }
}
