// The renderer worker of browser and desktop console. It opens the carriers itself, so that no byte of the screen and
// no key makes a detour through the page.
import { BrowserLink } from "../link/browser";
import { STREAM, reason, type Clock, type Link, type LinkSink, type Stream } from "../link/link";
import { NativeLink, type Door } from "../link/native";
import { webSocketDialler, type Origin } from "../link/websocket";
import { webTransportDialler } from "../link/webtransport";
import type { SealSecret, SealView } from "../session/seal";
import type { MediaOffer } from "../types";
import { wasmFraming } from "./framing";
import type { DoorWanted, FromWorker, ToWorker } from "./messages";
import { PageSurface, type Paint } from "./painting";
import type { Rect } from "./picture";
import { Renderer } from "./renderer";
import { CODEC, type OtherDecoder } from "./video";
import { Sealing, type ReceiptNext } from "./sealing";
import { CanvasSurface, PartSurface, type Surface } from "./surface";
import { letterSeal, loadWasm } from "./wasm";

interface Page {
  postMessage(message: FromWorker | DoorWanted | Paint, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  onerror: ((event: unknown) => void) | null;
}

const page = self as unknown as Page;
const tell = (message: FromWorker, transfer?: Transferable[]): void => page.postMessage(message, transfer);
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
let link: Link | null = null;
let renderer: Renderer | null = null;
let sealing: Sealing | null = null;
let secret: SealSecret | null = null;
let view: SealView | null = null;
let surface: Surface | null = null;
/** Further canvases, and the parts that they show, once they are told. */
const parts = new Map<number, { surface: PartSurface; part: Rect | null }>();
let kept: Uint8Array | null = null;
/** The newest copy of the receipt, and the organisation's key. */
let copy: Extract<ReceiptNext, { type: "sign" }> | null = null;
let organisation: Uint8Array | null = null;
let agent = false;
const early: ToWorker[] = [];

function open(wasm: WebAssembly.Memory, participant: number, offer: MediaOffer, origin: Origin, door?: Door): void {
  close();
  const webTransport = door ? null : webTransportDialler(origin, wasmFraming);
  const sink: LinkSink = {
    connected: (carrier, again, blocked) => {
      const udpBlocked = blocked ?? (carrier === "websocket" && webTransport !== null);
      tell({ type: "link_up", carrier, again, udpBlocked });
      sealing?.linkUp();
      renderer?.linkUp();
    },
    message: (stream, message) => (sealing ? sealing.take(stream, message) : render(stream, message)),
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
  link = door
    ? new NativeLink(door, sink, () => page.postMessage({ type: "door_wanted" }), clock)
    : new BrowserLink({ webTransport, webSocket: webSocketDialler(origin) }, sink, calendar);
  if (secret) {
    const keys = (): void => renderer?.linkUp();
    sealing = new Sealing(secret, link, { message: render, keys, receipt: witnessed, tell: sealed }, clock);
    if (kept) sealing.resumeReceipt(kept);
    if (view) sealing.view(view);
  }
  const decoder = link instanceof NativeLink ? byRust(link) : null;
  renderer = new Renderer(participant, wasm, sealing ?? link, tell, clock, decoder);
  if (surface) renderer.show(surface);
  for (const [id, { surface: place, part }] of parts) if (part) renderer.showPart(id, place, part);
  renderer.handle({ type: "watch", agent });
  link.open(offer);
}

/** A clear message of the agent. */
function render(stream: Stream, message: Uint8Array): void {
  if (stream === STREAM.screen) renderer?.screen(message);
  else if (stream === STREAM.control) renderer?.control(message);
  else if (stream === STREAM.chat) renderer?.tool("chat", message);
  else if (stream === STREAM.clipboard) renderer?.tool("clipboard", message);
  else if (stream === STREAM.files) renderer?.tool("files", message);
  else if (stream === STREAM.diagnostics) renderer?.tool("diagnostics", message);
}

/** Signs the receipt as far as this console goes along. */
function witnessed(next: ReceiptNext): void {
  if (next.type === "refused") return tell({ type: "receipt_refused", why: next.why });
  kept = next.kept;
  copy = next;
  renderer?.sign(next.answer);
  tellReceipt();
}

/** Hands the page this side's copy, sealed where the organisation has a key. */
function tellReceipt(): void {
  if (!copy || !kept || !view) return;
  const { file, number, ended } = copy;
  const letter = organisation && letterSeal(organisation, view.session, file, crypto.getRandomValues(new Uint8Array(32)));
  tell({ type: "receipt", copy: { file, number, ended, letter }, kept });
}

/** Tells the page, and keeps for the next opening what a hand-shake left. */
function sealed(message: FromWorker): void {
  if (message.type === "seal_resumption" && secret) secret = { ...secret, resumption: message.resumption };
  if (message.type === "seal_left" && secret) secret = { ...secret, left: message.left };
  tell(message);
}

/** The web view of the desktop console may lack a codec; Rust has H.264. */
function byRust(native: NativeLink): OtherDecoder {
  return {
    supports: (codec) => codec === CODEC.h264 && typeof VideoFrame !== "undefined",
    decode: async (data, timestamp) => {
      const planes = await native.decode(data);
      if (!planes) return null;
      return new VideoFrame(planes.data, { format: "I420", codedWidth: planes.width, codedHeight: planes.height, timestamp });
    },
  };
}

function show(place: Surface): void {
  surface = place;
  renderer?.show(place);
}

function close(): void {
  (sealing ?? link)?.close();
  renderer?.close();
  link = null;
  renderer = null;
  sealing = null;
}

function handle(message: ToWorker): void {
  if (!memory) {
    early.push(message);
    return;
  }
  switch (message.type) {
    case "open":
      return open(memory, message.participant, message.offer, message.origin, message.door);
    case "door":
      if (link instanceof NativeLink) link.reopen(message.door);
      return;
    case "renew":
      link?.renew(message.offer);
      return;
    case "close":
      return close();
    case "seal":
      secret = message.secret;
      return;
    case "receipt_kept":
      kept = message.kept;
      return;
    case "receipt_key":
      organisation = message.key;
      return tellReceipt();
    case "seal_view":
      view = message.view;
      sealing?.view(view);
      return;
    case "canvas":
      return show(new CanvasSurface(message.canvas));
    case "part_canvas":
      parts.set(message.id, { surface: new PartSurface(message.canvas), part: null });
      return;
    case "part": {
      const known = parts.get(message.id);
      if (!known) return;
      known.part = message.part;
      renderer?.showPart(message.id, known.surface, message.part);
      return;
    }
    case "part_gone":
      parts.delete(message.id);
      renderer?.hidePart(message.id);
      return;
    case "painter":
      return show(new PageSurface((paint, transfer) => page.postMessage(paint, transfer)));
    case "painted":
      if (surface instanceof PageSurface) surface.painted();
      return;
    case "watch":
      if (message.agent && !agent) sealing?.linkUp();
      if (!message.agent && agent) sealing?.gone();
      agent = message.agent;
      renderer?.handle(message);
      return;
    case "key":
    case "button":
    case "wheel":
    case "pointer":
    case "pointer_by":
    case "text":
    case "letter":
    case "stop_text":
    case "release_all":
    case "show_monitor":
    case "ask":
    case "give_up":
    case "end":
    case "together":
    case "wish":
    case "tool":
    case "bulk":
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
