import { number } from "../../i18n/formats";
import { t, tryText } from "../../i18n/strings.svelte";
import type { DiagnosticsState, Reading } from "./diagnostics.svelte";

/** A report that somebody can read without this program: one page without script, and with everything as data in it. */
export interface ReportParts {
  customer: string;
  technician: string;
  /** When it was made, milliseconds since 1970. */
  at: number;
  /** The customer's screen as a PNG's data address, or null. */
  picture: string | null;
}

type State = Pick<DiagnosticsState, "summary" | "processes" | "services" | "log" | "software">;

/** Text in a page: nothing in it is markup, and nothing in it turns the line or moves a cursor. */
export function escaped(text: unknown): string {
  return String(text)
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (letter) => `\\u{${letter.charCodeAt(0).toString(16)}}`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** `1.5 GB`, in units of 1024. */
export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let value = Number.isFinite(bytes) && bytes > 0 ? bytes : 0;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${number(Math.round(value * 10) / 10)} ${units[unit]}`;
}

/** `3 d 4 h`, `4 h 12 min`, `5 min`. */
export function lasted(seconds: number): string {
  const minutes = Math.floor((Number.isFinite(seconds) ? seconds : 0) / 60);
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days > 0) return t("diagnostics.days_hours", { days: number(days), hours });
  return hours > 0 ? t("span.hours_minutes", { hours, minutes: rest }) : t("span.minutes", { minutes: rest });
}

/** A moment that the far side names, which may be none. */
export function moment(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "–" : date.toISOString().replace("T", " ").slice(0, 19);
}

function section(title: string, reading: Reading<unknown>, content: () => string): string {
  if (reading.value === null) return `<h2>${escaped(title)}</h2><p>${escaped(t("diagnostics.report_none"))}</p>`;
  const note = reading.cut ? `<p>${escaped(t("diagnostics.cut"))}</p>` : "";
  return `<h2>${escaped(title)}</h2>${note}${content()}`;
}

function table(titles: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (tag: string, cells: readonly unknown[]): string => `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${line("th", titles)}</thead><tbody>${rows.map((row) => line("td", row)).join("\n")}</tbody></table>`;
}

/** The facts of a summary, by their names. */
export function facts(state: State): [string, string][] {
  const summary = state.summary.value;
  if (!summary) return [];
  return [
    [t("diagnostics.host"), summary.host],
    [t("diagnostics.user"), summary.user],
    [t("diagnostics.system"), [summary.system, summary.kernel, summary.architecture].filter(Boolean).join(" · ")],
    [t("diagnostics.model"), summary.model],
    [t("diagnostics.desktop"), summary.desktop],
    [t("diagnostics.uptime"), lasted(summary.uptime)],
    [t("diagnostics.processor"), `${summary.processor} × ${number(summary.cores)}`],
    [t("diagnostics.load"), number(summary.load / 100)],
    [t("diagnostics.memory"), t("diagnostics.used_of", { used: size(summary.memory_used), all: size(summary.memory) })],
    [t("diagnostics.swap"), summary.swap > 0 ? t("diagnostics.used_of", { used: size(summary.swap_used), all: size(summary.swap) }) : "–"],
  ];
}

export const priorityName = (priority: number): string => tryText(`diagnostics.level_${priority}`) ?? "?";

/** The whole report as a page of its own. */
export function writeReport(state: State, parts: ReportParts): string {
  const summary = state.summary.value;
  const title = t("diagnostics.report_title", { customer: parts.customer });
  const data = {
    format: "farhand-diagnostics-1",
    at: new Date(parts.at).toISOString(),
    customer: parts.customer,
    technician: parts.technician,
    summary,
    processes: state.processes.value,
    services: state.services.value,
    log: state.log.value,
    software: state.software.value,
  };
  const picture = parts.picture?.startsWith("data:image/png;base64,") && /^[A-Za-z0-9+/=]+$/.test(parts.picture.slice(22)) ? parts.picture : null;
  const sections = [
    section(t("diagnostics.summary"), state.summary, () => {
      if (!summary) return "";
      return [
        table([t("diagnostics.what"), t("diagnostics.value")], facts(state)),
        `<h3>${escaped(t("diagnostics.disks"))}</h3>`,
        table(
          [t("diagnostics.mount"), t("diagnostics.device"), t("diagnostics.kind"), t("diagnostics.free"), t("diagnostics.size")],
          summary.disks.map((disk) => [disk.mount, disk.name, disk.kind, size(disk.free), size(disk.size)]),
        ),
        `<h3>${escaped(t("diagnostics.networks"))}</h3>`,
        table(
          [t("diagnostics.name"), t("diagnostics.addresses"), "MAC", t("diagnostics.received"), t("diagnostics.sent")],
          summary.networks.map((network) => [network.name, network.addresses.join(", "), network.mac, size(network.received), size(network.sent)]),
        ),
        `<h3>${escaped(t("diagnostics.security"))}</h3>`,
        table(
          [t("diagnostics.name"), t("diagnostics.state")],
          summary.security.map((guard) => [guard.name, t(guard.active ? "diagnostics.guard_on" : "diagnostics.guard_off")]),
        ),
      ].join("\n");
    }),
    section(t("diagnostics.processes"), state.processes, () =>
      table(
        ["PID", t("diagnostics.name"), t("diagnostics.user"), "CPU %", t("diagnostics.memory"), t("diagnostics.command")],
        (state.processes.value ?? []).map((row) => [row.pid, row.name, row.user, row.cpu / 10, size(row.memory), row.command]),
      ),
    ),
    section(t("diagnostics.services"), state.services, () =>
      table(
        [t("diagnostics.name"), t("diagnostics.state"), t("diagnostics.description")],
        (state.services.value ?? []).map((row) => [row.name, `${row.state} (${row.detail})`, row.description]),
      ),
    ),
    section(t("diagnostics.log"), state.log, () =>
      table(
        [t("diagnostics.time_utc"), t("diagnostics.priority"), t("diagnostics.unit"), t("diagnostics.message")],
        (state.log.value ?? []).map((row) => [moment(row.at), priorityName(row.priority), row.unit, row.message]),
      ),
    ),
    section(t("diagnostics.software"), state.software, () =>
      table(
        [t("diagnostics.name"), t("diagnostics.version"), t("diagnostics.architecture"), t("diagnostics.size")],
        (state.software.value ?? []).map((row) => [row.name, row.version, row.architecture, row.size > 0 ? size(row.size) : "–"]),
      ),
    ),
  ];
  // In a block of data nothing can end it but its own end tag, of which no part is left.
  const json = JSON.stringify(data, null, 1).replace(
    /[<\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `<!doctype html>
<html lang="${escaped(document.documentElement.lang || "en")}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.4 }
body { margin: 2rem; max-width: 80rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem }
th, td { border: 1px solid #8888; padding: .2rem .6rem; text-align: start; vertical-align: top; overflow-wrap: anywhere; white-space: pre-wrap }
img { max-width: 100%; border: 1px solid #8888 }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(t("diagnostics.report_made", { technician: parts.technician, at: `${moment(parts.at)} UTC` }))}</p>
${sections.join("\n")}
${picture ? `<h2>${escaped(t("diagnostics.screenshot"))}</h2>\n<img src="${picture}" alt="${escaped(t("diagnostics.screenshot"))}">` : ""}
<script type="application/json" id="farhand-diagnostics">
${json}
</script>
</body>
</html>
`;
}
