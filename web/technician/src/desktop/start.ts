import { useTransport } from "@kit/api/transport";
import { desktop, type ApiBody } from "@kit/desktop/bindings";
import { failureText, startNativeRenderer } from "@kit/desktop/renderer";
import { NativeSocket } from "@kit/desktop/socket";
import { mount } from "svelte";
import { NativeClipboard } from "@kit/desktop/clipboard";
import { nativeFileWays } from "@kit/desktop/files";
import { useFileWays } from "@kit/session/tools/files/browser";
import { useWays } from "../session/open";
import { desk, failureOf } from "./desk.svelte";
import Desktop from "./Desktop.svelte";
import { KeyboardHolder } from "./keyboard";

/** The same pages in a window of the desktop console: requests, sockets and the link are Rust's. */
export function start(target: HTMLElement): void {
  useTransport({
    get base() {
      return desk.status?.server?.address ?? "";
    },
    fetch: (url, init) => ask(url, init),
    // Rust adds the sign-in, and takes it out of answers: no page ever holds it.
    headers: () => ({}),
  });
  const keyboard = new KeyboardHolder();
  useWays({
    dial: (id) => new NativeSocket(id),
    renderer: () => startNativeRenderer(desk.status?.painted ?? false),
    origin: () => ({ host: "", hostname: "", secure: true }),
    program: "farhand-console",
    capturing: (on, view) => keyboard.capturing(on, view),
    // The window's own. The web view's would end at the letter F, which it keeps for that.
    fullScreen: {
      get on() {
        return desk.fullScreen;
      },
      toggle: () => void desktop.fullScreen().catch(() => undefined),
    },
    picture: () => desk.status?.settings.picture ?? "automatic",
    clipboard: () => new NativeClipboard(),
  });
  useFileWays(nativeFileWays());
  mount(Desktop, { target });
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const base = `${desk.status?.server?.address ?? ""}/api/v1`;
  if (!url.startsWith(base)) throw new Error("this is no address of the service");
  const headers = new Headers(init.headers);
  try {
    const { status, kind, body } = await desktop.api({
      method: init.method ?? "GET",
      path: url.slice(base.length),
      kind: headers.get("content-type"),
      body: await bodyOf(init.body ?? null),
    });
    const content = "text" in body ? body.text : Uint8Array.from(atob(body.base64), (letter) => letter.charCodeAt(0));
    const empty = status === 204 || status === 205 || status === 304;
    return new Response(empty ? null : content, { status, headers: { "content-type": kind } });
  } catch (error) {
    if (failureOf(error).code === "certificate_changed") desk.certificateChanged = true;
    throw new Error(failureText(error), { cause: error });
  }
}

async function bodyOf(body: BodyInit | null): Promise<ApiBody | null> {
  if (body === null) return null;
  if (typeof body === "string") return { text: body };
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  return { base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
}
