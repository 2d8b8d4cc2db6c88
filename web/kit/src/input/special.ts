/** Keys that this computer keeps to itself, or that a keyboard may lack: sent from a menu, by place. */
export interface Chord {
  id: string;
  /** How people write it; the same in every language that keyboards are printed in here. */
  codes: readonly string[];
}

export const CHORDS = [
  { id: "ctrl_alt_del", codes: ["ControlLeft", "AltLeft", "Delete"] },
  { id: "ctrl_shift_esc", codes: ["ControlLeft", "ShiftLeft", "Escape"] },
  { id: "ctrl_esc", codes: ["ControlLeft", "Escape"] },
  { id: "alt_tab", codes: ["AltLeft", "Tab"] },
  { id: "alt_shift_tab", codes: ["AltLeft", "ShiftLeft", "Tab"] },
  { id: "alt_f4", codes: ["AltLeft", "F4"] },
  { id: "super", codes: ["MetaLeft"] },
  { id: "menu_key", codes: ["ContextMenu"] },
  { id: "print", codes: ["PrintScreen"] },
  { id: "alt_print", codes: ["AltLeft", "PrintScreen"] },
  { id: "pause", codes: ["Pause"] },
  { id: "insert", codes: ["Insert"] },
  { id: "scroll_lock", codes: ["ScrollLock"] },
  { id: "num_lock", codes: ["NumLock"] },
  { id: "caps_lock", codes: ["CapsLock"] },
] as const satisfies readonly Chord[];

export const FUNCTION_KEYS: readonly string[] = Array.from({ length: 12 }, (_, at) => `F${at + 1}`);

/** Presses the keys in their order and lets go of them in the other. */
export function pressChord(codes: readonly string[], key: (code: string, down: boolean) => void): void {
  for (const code of codes) key(code, true);
  for (const code of codes.toReversed()) key(code, false);
}
