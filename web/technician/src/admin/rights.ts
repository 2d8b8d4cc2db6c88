import type { Right } from "@kit/api/model";

/** In the order in which people think of them. */
export const RIGHTS: readonly Right[] = [
  "view",
  "control",
  "files",
  "clipboard",
  "diagnostics",
  "shell",
  "camera",
  "microphone",
  "unattended",
  "record",
];

/** With a right switched on or off. Control without seeing the screen is no help to anybody: the one brings the other. */
export function withRight(rights: readonly Right[], right: Right, on: boolean): Right[] {
  const now = new Set(rights);
  if (on) {
    now.add(right);
    if (right === "control") now.add("view");
  } else {
    now.delete(right);
    if (right === "view") now.delete("control");
  }
  return RIGHTS.filter((one) => now.has(one));
}

/** Ranges as people write them: one a line, or with commas. */
export function rangesOf(text: string): string[] {
  return text
    .split(/[\s,;]+/)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
