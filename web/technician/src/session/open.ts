import { api, ApiError } from "@kit/api/client";
import { wallClock } from "@kit/link/link";
import { startRenderer } from "@kit/screen/port";
import { Session } from "@kit/session/session.svelte";

/** Opens a session of the signed-in technician. */
export function openSession(id: string, version: string): Session {
  const secure = location.protocol === "https:";
  const url = `${secure ? "wss" : "ws"}://${location.host}/api/v1/sessions/${encodeURIComponent(id)}/socket`;
  return new Session({
    dial: () => new WebSocket(url),
    renderer: startRenderer(),
    origin: { host: location.host, hostname: location.hostname, secure },
    clock: wallClock,
    program: `farhand-web/${version}`,
    inquire: () => inquire(id),
  });
}

/** Why a session's socket cannot be opened: the browser does not say, so the API is asked. */
async function inquire(id: string): Promise<{ code: string; message: string } | null> {
  try {
    const { sessions } = await api.sessions();
    if (sessions.some(({ session }) => session.id === id)) return null;
    return { code: "session_gone", message: "This session does not exist any more." };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return { code: "signed_out", message: "You are signed out." };
    return null;
  }
}
