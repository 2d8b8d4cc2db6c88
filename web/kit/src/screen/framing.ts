import type { Framing } from "../link/webtransport";
import { Doubler, FrameReader, Reorder } from "./wasm";

/** Asked once the module is there. */
let tooLong: number | undefined;

/** The framing of QUIC carriers, from the wasm module. */
export const wasmFraming: Framing = {
  frame: (message) => FrameReader.frame(message),
  reader: () => new FrameReader(),
  reorder: () => new Reorder(),
  doubler: (stream) => new Doubler(stream),
  get tooLong() {
    return (tooLong ??= Doubler.tooLong());
  },
};
