/** What a key event says, as far as it is used here. */
export interface LetterEvent {
  key: string;
  code: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  isComposing: boolean;
  getModifierState(name: string): boolean;
}

/**
 * What becomes of a key where keys go by letter:
 * - `place`: as by place, for keys that make no character;
 * - `field`: the browser makes a character of it, with dead keys and input methods, and that is sent as text;
 * - `shortcut`: its letter, pressed with the modifiers that are held;
 * - `ours`: it only chooses among the characters of this side's layout, and stays here.
 */
export type LetterUse = "place" | "field" | "shortcut" | "ours";

/** They choose characters here; the customer's own state is none of it. */
const OURS: ReadonlySet<string> = new Set(["AltGraph", "CapsLock", "NumLock", "ScrollLock", "Fn", "FnLock"]);
/** The browser is not done with a character yet. */
const UNDER_WAY: ReadonlySet<string> = new Set(["Dead", "Process", "Compose", "Unidentified"]);

export function letterUse(event: LetterEvent, mac: boolean): LetterUse {
  if (OURS.has(event.key)) return "ours";
  if (event.isComposing || UNDER_WAY.has(event.key)) return "field";
  if ([...event.key].length !== 1) return "place";
  // Option makes characters on a Mac, as AltGr does elsewhere, which Windows reports as Ctrl and Alt.
  const chosen = event.getModifierState("AltGraph") || (mac && event.altKey && !event.ctrlKey && !event.metaKey);
  return !chosen && (event.ctrlKey || event.altKey || event.metaKey) ? "shortcut" : "field";
}
