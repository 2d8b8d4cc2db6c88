import { wallClock } from "@kit/link/link";
import type { Session } from "@kit/session/session.svelte";
import { KeyboardState } from "@kit/session/tools/keyboard.svelte";

const keyboards = new WeakMap<Session, KeyboardState>();

function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** What the technician chose for keys and pointer of a session. */
export function keyboardOf(session: Session): KeyboardState {
  const known = keyboards.get(session);
  if (known) return known;
  const state = new KeyboardState({
    text: (text) => session.input({ type: "text", text }),
    stopText: () => session.input({ type: "stop_text" }),
    clock: wallClock,
    storage: storage(),
  });
  keyboards.set(session, state);
  return state;
}
