/** Digits of a join code. */
export const CODE_DIGITS = 10;
/** Digits by which the service knows the session; those behind them are for the two ends alone. */
const NUMBER_DIGITS = 6;

/** `482 193 5710`: three groups, the last one longer, as people read it out. */
export function formatCode(code: string): string {
  const digits = parseDigits(code);
  return [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].filter((group) => group !== "").join(" ");
}

/** A session's whole code, or its number alone, with four dots where the digits are another browser's. */
export function codeOf(number: string, digits: string | null): string {
  return `${formatCode(number.slice(0, NUMBER_DIGITS))} ${digits ?? "····"}`;
}

/** What somebody typed or pasted, spaces, dashes and what stands before a "#" forgiven; at most the digits of a code. */
export function parseDigits(text: string): string {
  const typed = text.includes("#") ? text.slice(text.lastIndexOf("#") + 1) : text;
  return typed.normalize("NFKC").replace(/\D/g, "").slice(0, CODE_DIGITS);
}

/** What is wrong with what somebody typed; null when it is a code. */
export function codeProblem(text: string): { kind: "letters" | "short" | "long"; digits: number } | null {
  const typed = (text.includes("#") ? text.slice(text.lastIndexOf("#") + 1) : text).normalize("NFKC");
  const digits = typed.replace(/\D/g, "").length;
  // What people put between digits, and what a copied text brings along unseen.
  if (/[^\d\s.\-\u2010-\u2015\u200b-\u200f\u2060\ufeff]/.test(typed)) return { kind: "letters", digits };
  if (digits === CODE_DIGITS) return null;
  return { kind: digits < CODE_DIGITS ? "short" : "long", digits };
}
