import { beforeAll, describe, expect, it, vi } from "vitest";
import type { DiagnosticsState, Reading } from "./diagnostics.svelte";

type State = Pick<DiagnosticsState, "summary" | "processes" | "services" | "log" | "software">;
const reading = <T>(value: T | null): Reading<T> => ({ value, busy: false, cut: false, at: 1, refused: null });
const EVIL = `</script><img src=x onerror=alert(1)>"'&\u202e\u001b[2J`;

let report: typeof import("./report");

beforeAll(async () => {
  vi.stubGlobal("document", { documentElement: { lang: "en" } });
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
  report = await import("./report");
});

function hostile(): State {
  return {
    summary: reading({
      at: 1, host: EVIL, user: EVIL, system: EVIL, kernel: EVIL, architecture: EVIL, model: EVIL, desktop: EVIL, uptime: 90_000, processor: EVIL, cores: 2, load: 50,
      memory: 2 ** 30, memory_used: 2 ** 29, swap: 0, swap_used: 0,
      disks: [{ name: EVIL, mount: EVIL, kind: EVIL, size: 5, free: 1 }],
      networks: [{ name: EVIL, mac: EVIL, addresses: [EVIL], received: 1, sent: 1 }],
      security: [{ name: EVIL, kind: "firewall", active: true }],
    }),
    processes: reading([{ pid: 7, parent: 1, name: EVIL, user: EVIL, own: true, cpu: 15, memory: 2048, started: 1, command: EVIL }]),
    services: reading([{ name: EVIL, description: EVIL, state: "active" as const, detail: EVIL }]),
    log: reading([{ at: Number.MAX_SAFE_INTEGER, priority: 3, unit: EVIL, message: EVIL }]),
    software: reading([{ name: EVIL, version: EVIL, architecture: EVIL, size: 0 }]),
  };
}

describe("a report", () => {
  it("holds what was read as text, whatever stands in it", () => {
    const page = report.writeReport(hostile(), { customer: EVIL, technician: EVIL, at: 1_790_000_000_000, picture: null });
    expect(page).not.toContain("<img");
    expect(page.match(/<script/g)).toEqual(["<script"]);
    expect(page.match(/<\/script>/g)).toEqual(["</script>"]);
    expect(page).not.toMatch(/[\u001b\u202e]/);
    expect(page).toContain("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u{202e}\\u{1b}[2J");
  });

  it("gives everything back as data", () => {
    const state = hostile();
    const page = report.writeReport(state, { customer: "office-14", technician: "Ada", at: 1_790_000_000_000, picture: null });
    const json = page.slice(page.indexOf('id="farhand-diagnostics">') + 25, page.indexOf("</script>"));
    const data = JSON.parse(json) as { customer: string; processes: unknown; summary: unknown };
    expect(data.customer).toBe("office-14");
    expect(data.processes).toEqual(state.processes.value);
    expect(data.summary).toEqual(state.summary.value);
  });

  it("says what was not read, and takes no picture that is none", () => {
    const none = reading<never>(null);
    const nothing: State = { summary: none, processes: none, services: none, log: none, software: none };
    const page = report.writeReport(nothing, { customer: "x", technician: "y", at: 0, picture: 'data:image/png;base64,"><script>' });
    expect(page).not.toContain("<img");
    expect(page.match(/<script/g)).toEqual(["<script"]);
    const picture = "data:image/png;base64,iVBORw0KGgo=";
    expect(report.writeReport(nothing, { customer: "x", technician: "y", at: 0, picture })).toContain(`<img src="${picture}"`);
  });

  it("writes sizes and spans for people", () => {
    expect(report.size(0)).toBe("0 B");
    expect(report.size(1536)).toBe("1.5 KB");
    expect(report.size(Number.NaN)).toBe("0 B");
    expect(report.lasted(90_000)).toContain("1");
    expect(report.moment(Number.MAX_SAFE_INTEGER)).toBe("–");
  });
});
