import init, { Composer, ConsoleEnd, Doubler, FrameReader, Piece, Reorder, ScreenDecoder, letterSeal, readControl, readTool } from "../wasm/farhand_wasm.js";
import wasmUrl from "../wasm/farhand_wasm_bg.wasm?url";

export { Composer, ConsoleEnd, Doubler, FrameReader, Piece, Reorder, ScreenDecoder, letterSeal, readControl, readTool };

/** Loads the module that the decoder and the messages come from; resolves with its memory. */
export async function loadWasm(): Promise<WebAssembly.Memory> {
  const { memory } = await init({ module_or_path: wasmUrl });
  return memory;
}
