// The page that checks a receipt is one file: script, styles, fonts and WebAssembly are parts of it, and its policy allows
// nothing else. So it works from a saved file without a network.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

const root = import.meta.dirname;
const wasm = resolve(root, "kit/src/wasm/farhand_wasm_bg.wasm");
const WASM = "virtual:wasm";
const STRINGS = /assets\/strings\/\w+\.json$/;

const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

function oneFile(): Plugin {
  return {
    name: "one-file",
    enforce: "pre",
    resolveId: (id) => (id === WASM ? `\0${WASM}` : null),
    load: (id) => (id === `\0${WASM}` ? `export default ${JSON.stringify(readFileSync(wasm).toString("base64"))}` : null),
    transform(code, id) {
      // The agent's and the console's sentences are not shown here.
      if (STRINGS.test(id)) {
        const needed = Object.entries(JSON.parse(code) as Record<string, string>).filter(([key]) => /^web\.(receipt|common)\./.test(key));
        return { code: JSON.stringify(Object.fromEntries(needed)), map: null };
      }
      // The module is handed over; it is not looked for beside the script.
      if (id.endsWith("farhand_wasm.js")) {
        return { code: code.replace(/new URL\('farhand_wasm_bg\.wasm', import\.meta\.url\)/, "undefined"), map: null };
      }
      return null;
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        let [script, style] = ["", ""];
        for (const [name, part] of Object.entries(bundle)) {
          if (part.type === "chunk") script += part.code;
          else if (name.endsWith(".css")) style += String(part.source);
          if (!name.endsWith(".html")) delete bundle[name];
        }
        // Nothing in the script may end the element that it stands in.
        script = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
        const page = bundle["receipt.html"];
        if (page?.type !== "asset" || script === "" || style === "") throw new Error("the page that checks a receipt has a part too few");
        const policy = [
          "default-src 'none'",
          `script-src ${sha256(script)} 'wasm-unsafe-eval'`,
          `style-src ${sha256(style)}`,
          "img-src data:",
          "font-src data:",
          "base-uri 'none'",
          "form-action 'none'",
        ].join("; ");
        const bare = String(page.source).replace(/<script[^>]*><\/script>\s*/g, "").replace(/<link[^>]*>\s*/g, "");
        page.source = bare
          .replace("<meta charset", () => `<meta http-equiv="Content-Security-Policy" content="${policy}" />\n    <meta charset`)
          .replace("</head>", () => `<style>${style}</style>\n  </head>`)
          .replace("</body>", () => `<script type="module">${script}</script>\n  </body>`);
      },
    },
  };
}

export default defineConfig(() => {
  if (!existsSync(wasm)) throw new Error("kit/src/wasm is missing: run `cargo xtask wasm` first");
  return {
    root,
    plugins: [oneFile(), svelte()],
    resolve: { alias: { "@kit": resolve(root, "kit/src"), "@strings": resolve(root, "../assets/strings") } },
    build: {
      target: "es2022",
      outDir: "dist",
      emptyOutDir: false,
      assetsInlineLimit: (file: string) => (file.endsWith(".woff2") ? true : false),
      cssCodeSplit: false,
      modulePreload: false as const,
      rolldownOptions: { input: { receipt: resolve(root, "receipt.html") }, output: { codeSplitting: false } },
    },
  };
});
