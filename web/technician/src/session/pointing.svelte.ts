import { wallClock } from "@kit/link/link";
import type { Session } from "@kit/session/session.svelte";
import { PointingState } from "@kit/session/tools/pointing.svelte";

const known = new WeakMap<Session, PointingState>();

/** One for each session. */
export function pointingOf(session: Session): PointingState {
  const there = known.get(session);
  if (there) return there;
  const pointing = new PointingState({ send: (message) => session.tool("chat", message), clock: wallClock });
  session.onTool("chat", (message) => pointing.take(message));
  known.set(session, pointing);
  return pointing;
}
