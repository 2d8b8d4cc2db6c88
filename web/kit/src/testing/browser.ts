import { vi } from "vitest";

/** The little of a browser that the texts need, for units that say something. */
export function stubBrowser(): void {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {} });
  vi.stubGlobal("document", { documentElement: {} });
  vi.stubGlobal("navigator", { languages: ["en"] });
}
