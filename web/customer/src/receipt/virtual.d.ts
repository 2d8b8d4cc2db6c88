/** The WebAssembly module's bytes in base64; see vite.receipt.config.ts. */
declare module "virtual:wasm" {
  const base64: string;
  export default base64;
}
