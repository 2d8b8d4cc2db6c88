import { t, tryText } from "../i18n/strings.svelte";

/** What the WebAssembly module says of a receipt. Every text in it is safe to show: nothing unseen is in it. */
export interface ShownReceipt {
  /** Why it is not genuine: the end of a key of a sentence. */
  wrong: string | null;
  /** So many entries still are as the technician's side signed them. */
  fitsUntil: number | null;
  /** The other copy's number is that of so many entries. */
  compared: number | null;
  session: string;
  started: number;
  technician: string;
  technicianOrganisation: string;
  customer: string;
  number: string;
  count: number;
  signed: number | null;
  ended: boolean;
  entries: ShownEntry[];
}

export interface ShownEntry {
  at: number;
  who: "customer" | "technician" | "agent";
  technician: number;
  what: "begin" | "ask" | "grant" | "refusal" | "withdrawal" | "hold" | "resume" | "file" | "command" | "end" | "full" | "restart";
  rights: string[];
  text: string;
}

/** The largest file that can be a receipt, in bytes. */
export const MAX_RECEIPT = 2 * 1024 * 1024;

const REASONS: ReadonlySet<string> = new Set(["customer", "locked", "link_lost", "refused", "stopped", "blocked", "timed_out", "lost", "technician", "service"]);
const REFUSALS: ReadonlySet<string> = new Set(["silent", "link_lost", "void"]);
type Reason = "customer" | "locked" | "link_lost" | "refused" | "stopped" | "blocked" | "timed_out" | "lost" | "technician" | "service";
type Refusal = "silent" | "link_lost" | "void";
type Wrong =
  | "magic"
  | "short"
  | "trailing"
  | "malformed"
  | "full"
  | "time"
  | "closed"
  | "agent"
  | "technician"
  | "stranger"
  | "unsigned"
  | "number";
type Right = "view" | "control" | "files" | "clipboard" | "diagnostics" | "shell" | "camera" | "microphone" | "unattended" | "record";

const reason = (word: string): string => (REASONS.has(word) ? t(`receipt.reason_${word as Reason}`) : word);

/** `2026-11-22 14:05:09`, UTC: the same wherever it is read. */
export function utc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

export function whoText(entry: ShownEntry): string {
  return entry.who === "technician" ? t("receipt.who_technician", { number: entry.technician }) : t(`receipt.who_${entry.who}`);
}

/** Which way a file went, how it ended, its size and its name. */
const FILE = /^(in|out) ([a-z_]+) (\d+) (.*)$/s;

export function whatText({ who, what, rights, text }: ShownEntry): string {
  const named = rights.map((right) => t(`receipt.right_${right as Right}`)).join(", ") || t("receipt.nothing");
  const places = { text, rights: named, reason: text.split(" ").map(reason).join(", ") };
  const file = what === "file" ? FILE.exec(text) : null;
  if (file) {
    const [, way, end, size = "", name = ""] = file;
    const why = tryText(`receipt.file_${end}`) ?? end ?? "";
    const key = `receipt.what_file_${way === "in" ? "in" : "out"}${end === "whole" ? "" : "_not"}` as const;
    return t(key, { name, size, why });
  }
  if (what === "restart") {
    const minutes = /^allowed for (\d+)$/.exec(text)?.[1];
    return minutes === undefined
      ? t("receipt.what_restart", { reason: tryText(`receipt.restart_${text}`) ?? text })
      : t("receipt.what_restart_for", { minutes, rights: named });
  }
  // What the agent saw is not what somebody typed.
  if (what === "command" && who === "agent") return t("receipt.what_command_seen", places);
  if (what === "refusal" && REFUSALS.has(text)) return t(`receipt.what_refusal_${text as Refusal}`, places);
  return t(`receipt.what_${what}`, places);
}

/** Whether it is genuine, in a sentence or two. */
export function verdict(shown: ShownReceipt): string {
  const { count, signed } = shown;
  if (shown.wrong !== null) {
    const said = t("receipt.refused", { why: t(`receipt.wrong_${shown.wrong as Wrong}`) });
    return shown.fitsUntil === null ? said : `${said} ${t("receipt.fits_until", { signed: shown.fitsUntil })}`;
  }
  const said = signed === null ? t("receipt.alone") : signed === count ? t("receipt.both", { count }) : t("receipt.some", { count, signed });
  return shown.ended ? said : `${said} ${t("receipt.open")}`;
}
