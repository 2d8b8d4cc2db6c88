/** Digits of a join code. */
export const CODE_DIGITS = 10;

/** `482 193 5710`: three groups, the last one longer, as people read it out. */
export function formatCode(code: string): string {
  const digits = parseDigits(code);
  return [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].filter((group) => group !== "").join(" ");
}

/** What somebody typed or pasted, spaces, dashes and a whole link forgiven; at most the digits of a code. */
export function parseDigits(text: string): string {
  const typed = text.includes("#") ? text.slice(text.lastIndexOf("#") + 1) : text;
  return typed.normalize("NFKC").replace(/\D/g, "").slice(0, CODE_DIGITS);
}

export function isComplete(digits: string): boolean {
  return digits.length === CODE_DIGITS;
}
