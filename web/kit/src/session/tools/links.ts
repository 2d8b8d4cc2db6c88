/** A piece of a text: words as they stand, or an address with the computer that it really names. */
export type Piece = { kind: "text"; text: string } | { kind: "link"; text: string; host: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`|\\^{}]+/giu;
/** What ends a sentence rather than an address. */
const TAIL = /[.,;:!?…)\]]+$/u;
/** Marks that nobody sees, and that change how what stands beside them is read; and control characters. */
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** A text from far away as it may be shown: its line ends stay, what is unseen goes. */
export function shownText(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(UNSEEN, "");
}

/** Words and addresses in their order. The host is the one that a browser would go to, whatever stands before an "@". */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TAIL, "");
    const host = hostOf(address);
    if (host === null) continue;
    if (match.index > from) found.push({ kind: "text", text: text.slice(from, match.index) });
    found.push({ kind: "link", text: address, host });
    from = match.index + address.length;
  }
  if (from < text.length) found.push({ kind: "text", text: text.slice(from) });
  return found;
}

function hostOf(address: string): string | null {
  try {
    return new URL(address).host || null;
  } catch {
    return null;
  }
}
