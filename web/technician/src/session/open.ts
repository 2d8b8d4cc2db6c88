import { api, ApiError } from "@kit/api/client";
import { wallClock } from "@kit/link/link";
import { startRenderer } from "@kit/screen/port";
import type { Origin } from "@kit/link/websocket";
import { sealKeeper } from "@kit/session/seal";
import { receiptKeeper } from "@kit/session/receipt";
import { Session, type RendererPort } from "@kit/session/session.svelte";
import type { Socket } from "@kit/session/signal";
import { BrowserClipboard, type LocalClipboard } from "@kit/session/tools/local-clipboard";
import type { Prefer } from "@kit/types";
import { Delivery } from "./deliver";
import { BrowserFullScreen, type FullScreen } from "./full-screen.svelte";
import { startChat } from "./tools/chat.svelte";
import { startFiles } from "./tools/files.svelte";

/** How a session reaches the service. The browser's ways, unless a program that shows the same pages brings its own. */
export interface Ways {
  /** Opens the session's socket. */
  dial(id: string): Socket;
  renderer(): RendererPort;
  /** Where the service is, for carriers that the renderer opens itself. */
  origin(): Origin;
  program: string;
  /** Whether keys of a window go to the customer now. */
  capturing(on: boolean, view: Window): void;
  readonly fullScreen: FullScreen;
  /** What a session's picture is to be at first. */
  picture(): Prefer;
  /** This computer's clipboard. */
  clipboard(): LocalClipboard;
}

let browsers: FullScreen | null = null;

const browser: Ways = {
  dial: (id) => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    return new WebSocket(`${scheme}://${location.host}/api/v1/sessions/${encodeURIComponent(id)}/socket`);
  },
  renderer: startRenderer,
  origin: () => ({ host: location.host, hostname: location.hostname, secure: location.protocol === "https:" }),
  program: "farhand-web",
  capturing: () => undefined,
  get fullScreen() {
    return (browsers ??= new BrowserFullScreen());
  },
  picture: () => "automatic",
  clipboard: () => new BrowserClipboard(),
};

let current = browser;

export function ways(): Ways {
  return current;
}

/** Called once, before the first session. */
export function useWays(other: Ways): void {
  current = other;
}

/** Opens a session of the signed-in technician. */
export function openSession(id: string, version: string): Session {
  const delivery = new Delivery(id);
  const session = new Session({
    dial: () => current.dial(id),
    renderer: current.renderer(),
    origin: current.origin(),
    clock: wallClock,
    program: `${current.program}/${version}`,
    seal: sealKeeper(id),
    receipt: receiptKeeper(id),
    deliver: (copy) => delivery.take(copy),
    inquire: () => inquire(id),
  });
  startChat(session, id);
  startFiles(session, id);
  return session;
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
