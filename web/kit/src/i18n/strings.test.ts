/// <reference types="node" />
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import de from "@strings/de.json";
import en from "@strings/en.json";
import { describe, expect, it } from "vitest";

const tables: Record<string, Record<string, string>> = { en, de };
const web = resolve(import.meta.dirname, "../../..");

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (["node_modules", "dist", "wasm", "generated"].includes(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|svelte)$/.test(entry.name) && !entry.name.includes(".test.") ? [readFileSync(path, "utf8")] : [];
  });
}

function places(text: string): string[] {
  return [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
}

describe("texts", () => {
  it("exist in every language, with the same places to fill", () => {
    for (const [language, table] of Object.entries(tables)) {
      expect(Object.keys(table).sort(), language).toEqual(Object.keys(en).sort());
      for (const [key, text] of Object.entries(en)) expect(places(table[key] ?? ""), `${language} ${key}`).toEqual(places(text));
    }
  });

  it("are all used", () => {
    const code = ["kit/src", "technician/src", "customer/src"].flatMap((folder) => sources(join(web, folder))).join("\n");
    // Keys that are put together: each of these is the beginning of a template or of a look-up somewhere.
    const dynamic = [...code.matchAll(/`([a-z0-9]+\.[a-z0-9_]*)\$\{/g)].map(([, prefix]) => prefix ?? "");
    const used = (key: string): boolean => code.includes(`"${key}"`) || dynamic.some((prefix) => key.startsWith(prefix));
    const unused = Object.keys(en)
      .filter((key) => key.startsWith("web."))
      .map((key) => key.slice(4))
      .filter((key) => !used(key) && !used(key.replace(/_(one|other)$/, "")));
    expect(unused).toEqual([]);
  });
});
