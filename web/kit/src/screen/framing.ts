import type { Framing } from "../link/webtransport";
import { MAX_FILES_MESSAGE } from "../types";
import { Doubler, FrameReader, Reorder } from "./wasm";

/** From this length on the way into the module and out again costs more than the frame does. */
const LONG = 2_048;

/** What the module gives, its length as two bytes first. */
export function framed(message: Uint8Array): Uint8Array {
  if (message.length > MAX_FILES_MESSAGE) throw new Error("the message is over its limit");
  const out = new Uint8Array(2 + message.length);
  new DataView(out.buffer).setUint16(0, message.length);
  out.set(message, 2);
  return out;
}

/** Asked once the module is there. */
let tooLong: number | undefined;

/** The framing of QUIC carriers, from the wasm module. */
export const wasmFraming: Framing = {
  frame: (message) => (message.length < LONG ? FrameReader.frame(message) : framed(message)),
  reader: (stream) => new FrameReader(stream),
  reorder: () => new Reorder(),
  doubler: (stream) => new Doubler(stream),
  get tooLong() {
    return (tooLong ??= Doubler.tooLong());
  },
};
