import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const root = import.meta.dirname;
const wasm = resolve(root, "kit/src/wasm/farhand_wasm_bg.wasm");

export default defineConfig(({ command }) => {
  if (command === "build" && !existsSync(wasm)) {
    throw new Error("kit/src/wasm is missing: run `cargo xtask wasm` first, it builds the decoder that the pages use");
  }
  return {
    root,
    plugins: [svelte()],
    resolve: { alias: { "@kit": resolve(root, "kit/src"), "@strings": resolve(root, "../assets/strings") } },
    // Nothing is inlined into data: addresses, so that the content security policy can stay strict.
    build: {
      target: "es2022",
      outDir: "dist",
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        output: { chunkFileNames: "assets/kit-[hash].js" },
        input: { index: resolve(root, "index.html"), join: resolve(root, "join.html"), setup: resolve(root, "setup.html") },
      },
    },
    worker: { format: "es" },
    server: { fs: { allow: [resolve(root, "..")] } },
    test: { include: ["kit/**/*.test.ts", "technician/**/*.test.ts", "customer/**/*.test.ts"], environment: "node" },
  };
});
