// The renderer worker of browser and desktop console. It opens the carriers itself, so that no byte of the screen and
// no key makes a detour through the page.
import { BrowserLink } from "../link/browser";
import { STREAM, reason, type Clock, type LinkSink } from "../link/link";
import { webSocketDialler, type Origin } from "../link/websocket";
import { webTransportDialler } from "../link/webtransport";
import type { MediaOffer } from "../types";
import { wasmFraming } from "./framing";
import type { FromWorker, ToWorker } from "./messages";
import { Renderer } from "./renderer";
import { loadWasm } from "./wasm";

interface Page {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  onerror: ((event: unknown) => void) | null;
}

const page = self as unknown as Page;
const tell = (message: FromWorker): void => page.postMessage(message);
const clock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
/** Tickets expire by the calendar. */
const calendar: Clock = { now: () => Date.now(), after: clock.after };

let memory: WebAssembly.Memory | null = null;
let link: BrowserLink | null = null;
let renderer: Renderer | null = null;
let canvas: OffscreenCanvas | null = null;
let agent = false;
const early: ToWorker[] = [];

function open(wasm: WebAssembly.Memory, participant: number, offer: MediaOffer, origin: Origin): void {
  close();
  const webTransport = webTransportDialler(origin, wasmFraming);
  const sink: LinkSink = {
    connected: (carrier, again) => {
      tell({ type: "link_up", carrier, again, udpBlocked: carrier === "websocket" && webTransport !== null });
      renderer?.linkUp();
    },
    message: (stream, message) => {
      if (stream === STREAM.screen) renderer?.screen(message);
      else if (stream === STREAM.control) renderer?.control(message);
    },
    lost: (why) => {
      renderer?.linkLost();
      tell({ type: "link_lost", why });
    },
    wantsOffer: () => tell({ type: "link_wants_offer" }),
    refused: (code, why) => {
      renderer?.linkLost();
      tell({ type: "link_refused", code, why });
    },
  };
  link = new BrowserLink({ webTransport, webSocket: webSocketDialler(origin) }, sink, calendar);
  renderer = new Renderer(participant, wasm, link, tell, clock);
  if (canvas) renderer.handle({ type: "canvas", canvas });
  renderer.handle({ type: "watch", agent });
  link.open(offer);
}

function close(): void {
  link?.close();
  renderer?.close();
  link = null;
  renderer = null;
}

function handle(message: ToWorker): void {
  if (!memory) {
    early.push(message);
    return;
  }
  switch (message.type) {
    case "open":
      return open(memory, message.participant, message.offer, message.origin);
    case "renew":
      link?.renew(message.offer);
      return;
    case "close":
      return close();
    case "canvas":
      canvas = message.canvas;
      renderer?.handle(message);
      return;
    case "watch":
      agent = message.agent;
      renderer?.handle(message);
      return;
    case "key":
    case "button":
    case "wheel":
    case "pointer":
    case "release_all":
    case "ask":
    case "give_up":
    case "end":
      renderer?.handle(message);
      return;
  }
}

page.onmessage = (event) => handle(event.data);
loadWasm().then(
  (loaded) => {
    memory = loaded;
    tell({ type: "ready" });
    for (const message of early.splice(0)) handle(message);
  },
  (error: unknown) => tell({ type: "failed", why: reason(error) }),
);
