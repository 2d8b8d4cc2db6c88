import type { Clock, Link } from "../link/link";
import { STREAM, reason } from "../link/link";
import type { Control, ConsentSnapshot, Cursor, Together } from "../types";
import { Acks } from "./acks";
import { cursorShape } from "./cursor";
import type { FromWorker, ToolMessages, ToWorker } from "./messages";
import { Picture, type Rect } from "./picture";
import { Meter } from "./meter";
import { PointerPump } from "./pump";
import type { PartSurface, Surface } from "./surface";
import { Video, type OtherDecoder } from "./video";
import { Composer, ScreenDecoder, readControl, readTool } from "./wasm";

/** What {@link ScreenDecoder.push} says. */
const PUSHED = { more: 0, complete: 1, gap: 2 } as const;
/** How often the way to the customer and back is measured. */
const PING_MS = 2_000;
/** Where nothing is heard of the customer's side for so long, it is asked whether it is still there. */
const SILENT_MS = 600;
/** Where nothing is heard for so long, people are told: within two seconds of the loss. */
const STALE_MS = 1_700;
/** Messages about files that are told at once. */
const MAX_BULK = 8;
/** A ping that is unanswered for this long casts doubt on the carrier. */
const DOUBT_MS = 5_000;

/** The one renderer: messages of the session in, pixels and messages out. Knows no carrier. */
export class Renderer {
  readonly #decoder = new ScreenDecoder();
  readonly #composer: Composer;
  readonly #picture: Picture;
  readonly #video: Video;
  readonly #acks: Acks;
  readonly #pump: PointerPump;
  readonly #link: Link;
  readonly #tell: (message: FromWorker, transfer?: Transferable[]) => void;
  readonly #clock: Clock;
  /** Frames that are not shown yet, or whose video is still being decoded, oldest first. */
  readonly #undrawn: { frame: number; drawUs: number; open: number }[] = [];
  #exact: boolean | null = null;
  /** A whole frame came since the picture began. */
  #whole = false;
  #up = false;
  #agent = false;
  /** Counts shapes: making a picture of one takes a moment, and only the newest is worth showing. */
  #cursors = 0;
  #nonce = 0;
  readonly #meter = new Meter();
  #pinged: { nonce: number; at: number } | null = null;
  #cancelPing: () => void = () => {};
  #heard = 0;
  #stale = false;
  /** The customer's side said that the screen cannot be captured, and no whole picture has come since. */
  #uncaptured = false;
  #rtt = 0;
  #cancelListen: () => void = () => {};
  #bulk: Uint8Array<ArrayBuffer>[] = [];
  #cancelBulk: () => void = () => {};

  constructor(
    participant: number,
    memory: WebAssembly.Memory,
    link: Link,
    tell: (message: FromWorker, transfer?: Transferable[]) => void,
    clock: Clock,
    otherDecoder: OtherDecoder | null = null,
  ) {
    this.#composer = new Composer(participant);
    this.#link = link;
    this.#tell = tell;
    this.#clock = clock;
    this.#picture = new Picture(this.#decoder, memory);
    this.#acks = new Acks(clock, {
      drawn: (frame, drawUs) => link.send(STREAM.screen, this.#composer.drawn(frame, drawUs)),
      reset: () => link.send(STREAM.screen, this.#composer.reset()),
    });
    this.#video = new Video(
      {
        show: (picture, region) => this.#picture.drawVideo(picture, region),
        keep: (ticket, region, rgba, draw) => {
          if (this.#decoder.putVideo(ticket, rgba) && draw) this.#picture.draw(region);
        },
        done: (frame) => this.#videoDone(frame),
        broken: () => this.#acks.reset(),
        refused: (codec) => link.send(STREAM.screen, this.#composer.codecRefused(codec)),
      },
      clock,
      otherDecoder,
    );
    this.#pump = new PointerPump(
      clock,
      () => link.readyForPointer(),
      (x, y) => link.send(STREAM.pointer, this.#composer.pointer(x, y)),
    );
  }

  /** What the page wants, besides the link's own matters. */
  handle(message: ToWorker): void {
    switch (message.type) {
      case "key": {
        const key = this.#composer.key(message.code, message.down);
        if (key) this.#link.send(STREAM.input, key);
        return;
      }
      case "pointer":
        return this.#pump.move(message.x, message.y);
      case "pointer_by":
        this.#pump.forget();
        this.#link.send(STREAM.input, this.#composer.pointerBy(message.dx, message.dy));
        return;
      case "text":
        for (const part of this.#composer.text(message.text)) this.#link.send(STREAM.input, part);
        return;
      case "letter": {
        const letter = this.#composer.letter(message.letter);
        if (letter) this.#link.send(STREAM.input, letter);
        return;
      }
      case "stop_text":
        this.#link.send(STREAM.input, this.#composer.stopText());
        return;
      case "button": {
        this.#pump.forget();
        const button = this.#composer.button(message.button, message.down, message.x, message.y);
        if (button) this.#link.send(STREAM.input, button);
        return;
      }
      case "wheel":
        this.#link.send(STREAM.input, this.#composer.wheel(message.dx, message.dy, message.x, message.y));
        return;
      case "release_all":
        this.#pump.forget();
        this.#link.send(STREAM.input, this.#composer.releaseAll());
        return;
      case "show_monitor":
        this.#link.send(STREAM.control, this.#composer.showMonitor(message.choice));
        return;
      case "ask":
        this.#link.send(STREAM.control, this.#composer.ask(message.rights));
        return;
      case "give_up":
        this.#link.send(STREAM.control, this.#composer.giveUp(message.rights));
        return;
      case "end":
        this.#link.send(STREAM.control, this.#composer.end());
        return;
      case "watch":
        return this.#watch(message.agent);
      case "tool":
        this.#link.send(STREAM[message.stream], this.#composer.tool(STREAM[message.stream], message.message));
        if (message.stream === "files") this.#tell({ type: "bulk_taken", messages: 1 });
        return;
      // Bulk goes at the pace at which it is handed on here, or it would hold up what draws.
      case "bulk":
        this.#bodies(message.bytes, message.lengths);
        return this.#tell({ type: "bulk_taken", messages: message.lengths.length });
      case "together":
        this.#link.send(STREAM.control, this.#composer.together(message.message));
        return;
      case "wish":
        this.#link.send(STREAM.control, this.#composer.wish(message.wish));
        return;
      case "canvas":
      case "part_canvas":
      case "part":
      case "part_gone":
      case "painter":
      case "painted":
      case "open":
      case "seal":
      case "seal_view":
      case "receipt_kept":
      case "receipt_key":
      case "renew":
      case "door":
      case "close":
        return;
    }
  }

  #bodies(bytes: Uint8Array, lengths: Uint32Array): void {
    let at = 0;
    for (const length of lengths) {
      const body = bytes.subarray(at, (at += length));
      if (this.#link.sendBody) this.#link.sendBody(this.#composer, body);
      else this.#link.send(STREAM.files, this.#composer.fileBody(body));
    }
  }

  /** Where the picture is shown from now on. */
  show(surface: Surface): void {
    this.#picture.attach(surface);
  }

  /** A part of the picture is shown at a further place, too. */
  showPart(id: number, surface: PartSurface, part: Rect): void {
    this.#picture.show(id, surface, part);
  }

  hidePart(id: number): void {
    this.#picture.hide(id);
  }

  /** This console's signature of the receipt. */
  sign(answer: Uint8Array): void {
    this.#link.send(STREAM.control, this.#composer.receiptSigned(answer));
  }

  /** A carrier stands: whatever was under way may be lost, so the picture starts anew. */
  linkUp(): void {
    this.#up = true;
    if (this.#agent) this.#begin();
  }

  linkLost(): void {
    this.#up = false;
    this.#acks.stop();
    this.#pinged = null;
    this.#cancelPing();
    this.#deaf();
  }

  close(): void {
    this.#cancelBulk();
    this.linkLost();
    this.#video.clear();
  }

  screen(message: Uint8Array): void {
    const started = this.#clock.now();
    this.#hear();
    let pushed: number;
    try {
      pushed = this.#decoder.push(message);
    } catch {
      // Bytes that cannot be read: only a whole frame helps.
      return this.#acks.reset();
    }
    this.#meter.message(message.length);
    if (pushed === PUSHED.gap) {
      this.#meter.gap();
      return this.#acks.reset();
    }
    if (pushed !== PUSHED.complete) return;
    this.#draw(started);
  }

  control(message: Uint8Array): void {
    this.#hear();
    let control: Control;
    try {
      control = readControl(message) as Control;
    } catch (error) {
      // One message that cannot be read, such as a lie or a slip, is no end of the session.
      console.warn("a message was refused:", reason(error));
      return;
    }
    switch (control.type) {
      case "consent":
        this.#granted(control.snapshot.state);
        return this.#tell({ type: "consent", snapshot: plainConsent(control.snapshot) });
      case "together":
        if (control.message.type === "rights") this.#granted(control.message.snapshot.state);
        return this.#tell({ type: "together", message: plainTogether(control.message) });
      case "cursor":
        return this.#cursor(control.cursor);
      case "cursor_at":
        return this.#tell({ type: "cursor_at", x: control.x, y: control.y });
      case "notice":
        if (control.notice.kind === "capture_failed") this.#uncaptured = true;
        return this.#tell({ type: "notice", notice: control.notice });
      case "monitors":
        return this.#tell({ type: "monitors", monitors: control.monitors });
      case "screen_lock":
        return this.#tell({ type: "screen_lock", lock: control.lock });
      case "restart":
        return this.#tell({ type: "restart", restart: control.restart });
      case "pong":
        return this.#pong(Number(control.nonce));
      case "ping": {
        // Whoever holds keys down is asked now and then whether they are still there.
        const pong = this.#composer.pong(message);
        if (pong) this.#link.send(STREAM.control, pong);
        return;
      }
      case "ask":
      case "give_up":
      case "show_monitor":
      case "end":
      case "wish":
      // The seal's end reads these.
      case "receipt":
      case "receipt_signed":
      case "unknown":
        return;
    }
  }

  /** A picture may begin now; earlier requests for it may be too old to be answered. */
  #granted(state: string): void {
    if (state === "granted" && !this.#whole) this.#acks.expect();
  }

  /** The agent says something to a tool. */
  tool(stream: keyof ToolMessages, bytes: Uint8Array): void {
    if (stream === "files") return this.#files(bytes as Uint8Array<ArrayBuffer>);
    try {
      this.#tell({ type: "tool", stream, message: readTool(bytes) } as FromWorker);
    } catch (error) {
      console.warn("a message was refused:", reason(error));
    }
  }

  /** About files the page is told as much at once as has come: what draws and what counts bytes both gain by it. */
  #files(message: Uint8Array<ArrayBuffer>): void {
    this.#bulk.push(message);
    if (this.#bulk.length >= MAX_BULK) return this.#tellBulk();
    if (this.#bulk.length === 1) this.#cancelBulk = this.#clock.after(0, () => this.#tellBulk());
  }

  #tellBulk(): void {
    this.#cancelBulk();
    const messages = this.#bulk;
    this.#bulk = [];
    if (messages.length > 0) this.#tell({ type: "bulk", messages }, messages.map(({ buffer }) => buffer));
  }

  #cursor(shape: Cursor): void {
    const turn = ++this.#cursors;
    void cursorShape(shape).then((cursor) => {
      if (turn === this.#cursors) this.#tell({ type: "cursor", cursor });
    });
  }

  #draw(started: number): void {
    const decoder = this.#decoder;
    const frame = decoder.frame();
    if (decoder.sizeChanged()) {
      this.#picture.resize();
      this.#tell({ type: "screen", width: decoder.width(), height: decoder.height() });
    }
    if (decoder.reset()) {
      this.#video.clear();
      this.#acks.whole();
      this.#whole = true;
      // A frame from before the notice may come behind it, on a stream of its own. What the agent begins with is whole.
      if (this.#uncaptured) this.#tell({ type: "captured" });
      this.#uncaptured = false;
    }
    const dirty = decoder.dirty();
    const videos = decoder.video();
    this.#meter.frame(videos > 0 ? decoder.videoCodec(0) : null);
    const undrawn = { frame, drawUs: 0, open: videos + 1 };
    this.#undrawn.push(undrawn);
    this.#picture.drawAll(dirty, () => {
      undrawn.drawUs = Math.round((this.#clock.now() - started) * 1000);
      undrawn.open -= 1;
      this.#ackDrawn();
    });
    this.#video.exact(dirty);
    for (let i = 0; i < videos; i++) this.#decodeVideo(frame, i);
    const exact = decoder.exact();
    if (exact !== this.#exact) {
      this.#exact = exact;
      this.#tell({ type: "exact", exact });
    }
  }

  #decodeVideo(frame: number, i: number): void {
    const [x = 0, y = 0, w = 0, h = 0] = this.#decoder.videoRegion(i) ?? [];
    this.#video.decode(frame, {
      ticket: this.#decoder.videoTicket(i),
      region: { x, y, w, h },
      codec: this.#decoder.videoCodec(i),
      keyframe: this.#decoder.videoKeyframe(i),
      data: this.#decoder.videoData(i) ?? new Uint8Array(),
    });
  }

  #videoDone(frame: number): void {
    const entry = this.#undrawn.find((undrawn) => undrawn.frame === frame);
    if (entry) entry.open -= 1;
    this.#ackDrawn();
  }

  /** Acknowledgements are cumulative: the newest frame before which nothing is open. */
  #ackDrawn(): void {
    let drawn: { frame: number; drawUs: number } | undefined;
    while (this.#undrawn[0] && this.#undrawn[0].open <= 0) drawn = this.#undrawn.shift();
    if (drawn) this.#acks.drawn(drawn.frame, drawn.drawUs);
  }

  #watch(agent: boolean): void {
    if (agent === this.#agent) return;
    this.#agent = agent;
    if (!agent) {
      this.#acks.stop();
      this.#cancelPing();
      this.#deaf();
      this.#pinged = null;
    } else if (this.#up) this.#begin();
  }

  #begin(): void {
    this.#video.clear();
    this.#undrawn.length = 0;
    this.#whole = false;
    this.#acks.stop();
    this.#acks.reset();
    this.#heard = this.#clock.now();
    this.#pinged = null;
    this.#ping();
    this.#listen();
  }

  #ping(): void {
    this.#cancelPing();
    const now = this.#clock.now();
    if (now - this.#heard > DOUBT_MS) this.#link.suspect();
    if (!this.#pinged) {
      this.#pinged = { nonce: ++this.#nonce, at: now };
      this.#link.send(STREAM.control, this.#composer.ping(this.#nonce));
    }
    this.#cancelPing = this.#clock.after(PING_MS, () => this.#ping());
    this.#tell({ type: "quality", quality: this.#meter.read(now) });
  }

  /** The customer's side is there. */
  #hear(): void {
    this.#heard = this.#clock.now();
    this.#setStale(false);
  }

  #setStale(stale: boolean): void {
    if (stale === this.#stale) return;
    this.#stale = stale;
    this.#tell({ type: "stale", stale });
  }

  /** Asks a silent customer's side whether it is there, and says when it does not answer. */
  #listen(): void {
    this.#cancelListen();
    const silent = this.#clock.now() - this.#heard;
    const stale = Math.max(STALE_MS, SILENT_MS + 2 * this.#rtt);
    // One that got no answer may be lost, or went before there were keys.
    if (silent >= SILENT_MS && (!this.#pinged || this.#clock.now() - this.#pinged.at >= SILENT_MS)) {
      this.#pinged = null;
      this.#ping();
    }
    if (silent >= stale) this.#setStale(true);
    const wait = silent < SILENT_MS ? SILENT_MS - silent : silent < stale ? stale - silent : SILENT_MS;
    this.#cancelListen = this.#clock.after(wait, () => this.#listen());
  }

  #deaf(): void {
    this.#cancelListen();
    this.#setStale(false);
  }

  #pong(nonce: number): void {
    if (this.#pinged?.nonce !== nonce) return;
    this.#rtt = this.#clock.now() - this.#pinged.at;
    this.#tell({ type: "rtt", ms: this.#rtt });
    this.#pinged = null;
  }
}

function plainTogether(message: Together): Together {
  return message.type === "rights" ? { ...message, snapshot: plainConsent(message.snapshot) } : message;
}

/** Numbers of 64 bits come as BigInt where they are large; the page counts in plain numbers. */
function plainConsent(snapshot: ConsentSnapshot): ConsentSnapshot {
  return { ...snapshot, revision: Number(snapshot.revision) };
}
