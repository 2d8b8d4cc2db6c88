// Which download is for whom, and the links and names that carry a code beside the program, which is the same for all.

import type { OfferedDownload } from "@kit/types";

export type System = "windows" | "macos" | "linux" | "phone" | "other";

/** Kinds of files for each system, those that need no installation first. */
const KINDS: Readonly<Record<System, readonly string[]>> = {
  windows: ["exe", "msi"],
  macos: ["pkg"],
  linux: ["bin", "deb", "rpm"],
  phone: [],
  other: [],
};

export interface Visitor {
  userAgent: string;
  platform: string;
  touchPoints: number;
}

/** The visitor's system, by what their browser says. It only decides what is offered first. */
export function systemOf({ userAgent, platform, touchPoints }: Visitor): System {
  if (/android|iphone|ipod|ipad/i.test(userAgent)) return "phone";
  // An iPad says that it is a Mac.
  if (/mac/i.test(platform) || /macintosh/i.test(userAgent)) return touchPoints > 1 ? "phone" : "macos";
  if (/win/i.test(platform) || /windows/i.test(userAgent)) return "windows";
  if (/linux|x11/i.test(`${platform} ${userAgent}`)) return "linux";
  return "other";
}

/** The parts of a target such as `windows-x86_64-exe`. */
export function parts(target: string): { system: string; processor: string; kind: string } {
  const [system = "", processor = "", kind = ""] = target.split("-");
  return { system, processor, kind };
}

/** What is for this system, the best first. */
export function forSystem(offered: readonly OfferedDownload[], system: System): OfferedDownload[] {
  const rank = (it: OfferedDownload): number => KINDS[system].indexOf(parts(it.target).kind);
  const common = (it: OfferedDownload): number => (["x86_64", "universal"].includes(parts(it.target).processor) ? 0 : 1);
  const fits = (it: OfferedDownload): boolean => parts(it.target).system === system && rank(it) >= 0;
  return offered.filter(fits).toSorted((a, b) => rank(a) - rank(b) || common(a) - common(b));
}

/** Where a file of the service lies, and its signature. */
export const fileAddress = (it: OfferedDownload): string => `/download/farhand-agent/${encodeURIComponent(it.file)}`;
export const signatureAddress = (it: OfferedDownload): string => `/download/farhand-agent/${encodeURIComponent(it.target)}.minisig`;

/** Whether the file is the program itself, which reads its own name. */
const readsItsName = (it: OfferedDownload): boolean => ["exe", "bin"].includes(parts(it.target).kind);

/**
 * The name under which the browser keeps the file: with the ten digits and the service, so that the program can fill them
 * in. The browser makes it; neither the file nor the request for it has them. A link's secret does not go into names.
 */
export function savedAs(it: OfferedDownload, argument: string, server: URL): string {
  const plain = /^\d{10}$/.test(argument) && /^[a-z0-9.-]+$/i.test(server.hostname);
  if (!readsItsName(it) || !plain) return it.file;
  const end = parts(it.target).kind === "exe" ? ".exe" : "";
  return `farhand-agent_${argument}_${server.hostname}${server.port ? `_${server.port}` : ""}${end}`;
}

/**
 * Whether the program has code and service when it is opened: in its name, or in the line that starts it. An installed
 * program has no name of its own, a link's secret goes into none, and not every address fits into one.
 */
export function carriesBoth(it: OfferedDownload, argument: string, server: URL): boolean {
  return parts(it.target).kind === "bin" || savedAs(it, argument, server) !== it.file;
}

/** The line that prints a file's SHA-256 with what each system brings along. */
export function sumCommand(file: string, system: System): string {
  if (system === "windows") return `certutil -hashfile ${file} SHA256`;
  return `${system === "macos" ? "shasum -a 256" : "sha256sum"} ${file}`;
}

/** The six digits that the service may know, and the rest, which it may not. */
export function split(argument: string): { number: string; rest: string } {
  const digits = /^(\d{6})(\d{4})$/.exec(argument);
  if (digits) return { number: digits[1] ?? "", rest: digits[2] ?? "" };
  const at = argument.indexOf(".");
  return { number: argument.slice(0, at), rest: argument.slice(at + 1) };
}

/** The link that an installed program opens. What the service may not know stands behind the "#", on this computer. */
export function startLink(token: string, argument: string): string {
  return `farhand:start/${token}#${split(argument).rest}`;
}
