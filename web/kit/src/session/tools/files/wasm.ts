// The module for the page: the list of transfers and the hash. The renderer's worker has its own.
import { Hasher, Transfers, confinedName } from "../../../wasm/farhand_wasm.js";
import { loadWasm } from "../../../screen/wasm";
import type { FilesParts } from "../files.svelte";

let loaded: Promise<unknown> | null = null;

/** What the files' state needs of the module; resolves when it is there. */
export async function filesModule(): Promise<Pick<FilesParts, "list" | "hasher" | "confined">> {
  loaded ??= loadWasm();
  await loaded;
  return { list: new Transfers() as FilesParts["list"], hasher: () => new Hasher(), confined: confinedName };
}
