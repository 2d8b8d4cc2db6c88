import { ClipboardState } from "@kit/session/tools/clipboard.svelte";
import type { Session } from "@kit/session/session.svelte";
import { may } from "@kit/session/state";
import { ways } from "../open";

const clipboards = new WeakMap<Session, ClipboardState>();

/** The clipboard of a session, from the first look at its panel to the session's end, whether the panel is open or not. */
export function clipboardOf(session: Session): ClipboardState {
  const known = clipboards.get(session);
  if (known) return known;
  const state = new ClipboardState({
    send: (message) => session.tool("clipboard", message),
    local: ways().clipboard(),
    focused: () => document.hasFocus(),
  });
  clipboards.set(session, state);
  const unlisten = session.onTool("clipboard", (message) => state.take(message));
  const focused = (): void => state.focus(document.hasFocus());
  addEventListener("focus", focused);
  addEventListener("blur", focused);
  document.addEventListener("visibilitychange", focused);
  const stop = $effect.root(() => {
    $effect(() => state.permitted(may(session.known, "clipboard") && session.reachable && session.known.seal === "on"));
    $effect(() => {
      if (session.known.ended === null) return;
      unlisten();
      removeEventListener("focus", focused);
      removeEventListener("blur", focused);
      document.removeEventListener("visibilitychange", focused);
      queueMicrotask(() => stop());
    });
  });
  return state;
}
