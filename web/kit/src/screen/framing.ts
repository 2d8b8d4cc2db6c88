import type { Framing } from "../link/webtransport";
import { Doubler, FrameReader, Reorder } from "./wasm";

/** The framing of QUIC carriers, from the wasm module. */
export const wasmFraming: Framing = {
  frame: (message) => FrameReader.frame(message),
  reader: () => new FrameReader(),
  reorder: () => new Reorder(),
  doubler: (stream) => new Doubler(stream),
};
