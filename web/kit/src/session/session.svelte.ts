import type { Clock } from "../link/link";
import { CLOSE } from "../link/link";
import type { CursorShape, FromWorker, ToolMessages, ToWorker } from "../screen/messages";
import type { Rect } from "../screen/picture";
import type { Part } from "./monitors";
import type { Choice, ColleagueInvited, FromService, ParticipantId, Prefer, Purpose, Rights, Wish } from "../types";
import type { Origin } from "../link/websocket";
import type { ReceiptCopy, ReceiptKeeper } from "./receipt";
import type { SealKeeper } from "./seal";
import { Signal, type Socket } from "./signal";
import { agentOf, may, next, nothingKnown, reachable, remarks, stageOf, type Known, type Remark, type SessionEvent } from "./state";

/** The renderer worker, as the store sees it. */
export interface RendererPort {
  post(message: ToWorker, transfer?: Transferable[]): void;
  listen(handler: (message: FromWorker) => void): void;
  /** Where the picture is shown. Once. */
  attach(canvas: HTMLCanvasElement): void;
  /** A further canvas for a part of the picture. */
  attachPart(id: number, canvas: HTMLCanvasElement): void;
  /** Which part that is, in the picture's pixels. */
  showPart(id: number, part: Rect): void;
  detachPart(id: number): void;
  close(): void;
}

export interface SessionParts {
  /** Opens the session's socket. */
  dial(): Socket;
  renderer: RendererPort;
  origin: Origin;
  clock: Clock;
  program: string;
  /** What the session is sealed with. */
  seal: SealKeeper;
  /** Remembers what this console signed of the receipt. */
  receipt?: ReceiptKeeper;
  /** Takes this side's copy of the receipt, each time that it grew. */
  deliver?(copy: ReceiptCopy): void;
  /** Called when the socket cannot be opened at all: says why, or null when it is worth going on. */
  inquire(): Promise<{ code: string; message: string } | null>;
}

/** A rejected ask is not repeated faster than this. */
const ASK_AGAIN_MS = 3_000;
/** The customer's side has this long to have the receipt's end signed before the service is told of the end. */
const SIGN_MS = 1_000;
/** Where it is to lock its screen first, this long. */
const LOCK_MS = 2_500;
/** Sockets refused in a row before anybody is asked why. */
const INQUIRE_AFTER = 2;
/** Whoever was away for so long, as far as they have noticed, was away for longer than a session waits. */
const LONG_AWAY_MS = 90_000;

/** One session of the technician: the only place that knows where it stands. */
export class Session {
  known = $state.raw<Known>(nothingKnown);
  /** How this technician would like the picture. */
  prefer = $state<Prefer>("automatic");
  cursor = $state.raw<CursorShape | null>(null);
  /** Where the customer's pointer was last seen, moved by other hands than ours. */
  pointerAt = $state.raw<{ x: number; y: number; seen: number } | null>(null);
  remark = $state.raw<{ remark: Remark; count: number } | null>(null);
  readonly stage = $derived(stageOf(this.known));
  readonly control = $derived(may(this.known, "control"));
  readonly view = $derived(may(this.known, "view"));
  /** Keys and pointer would reach the customer's machine now. */
  readonly reachable = $derived(reachable(this.known));

  readonly #parts: SessionParts;
  readonly #signal: Signal;
  readonly #tools = new Set<{ stream: keyof ToolMessages; listen: (message: ToolMessages[keyof ToolMessages]) => void }>();
  #opened = false;
  #mediaOpen = false;
  #refusedSockets = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #cancelEnd: (() => void) | null = null;
  #gaveUp = false;
  /** The receipt's end is signed. */
  #signed = false;
  /** The protocol version that the service agreed on with this console. */
  #version = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.known = { ...nothingKnown, invited: parts.seal.secret.invited ?? null };
    this.#signal = new Signal(
      parts.dial,
      parts.program,
      {
        open: () => this.#take({ type: "signal_open" }),
        message: (message) => this.#fromService(message),
        lost: () => this.#signalLost(),
        over: () => this.#stopMedia(),
        replaced: () => this.#replaced(),
      },
      parts.clock,
    );
    parts.renderer.listen((message) => this.#fromRenderer(message));
  }

  start(): void {
    this.#signal.start();
  }

  /** Leaves the page without ending the session. */
  leave(): void {
    if (this.#cancelEnd) this.#endAtService();
    this.#signal.close();
    this.#stopMedia();
    this.#parts.renderer.close();
  }

  /** The organisation's public key: its copies of the receipt are sealed to it from now on. */
  sealReceiptTo(key: Uint8Array): void {
    this.#parts.renderer.post({ type: "receipt_key", key });
  }

  /** The network may be back. */
  hurry(): void {
    this.#signal.hurry();
  }

  ask(rights: Rights): void {
    this.#askedAt = this.#parts.clock.now();
    this.#parts.renderer.post({ type: "ask", rights });
  }

  /** Which monitors to see, within what the customer shares. */
  showMonitor(choice: Choice): void {
    this.#parts.renderer.post({ type: "show_monitor", choice });
  }

  giveUp(rights: Rights): void {
    this.#gaveUp = true;
    this.#parts.renderer.post({ type: "give_up", rights });
  }

  /**
   * Ends the session for everybody, by both ways: one of them may be down. The service closes the way between the ends,
   * so it is told when the receipt's end is signed, or soon after.
   */
  end(): void {
    if (this.known.invited !== null) return this.leaveForGood();
    this.#parts.renderer.post({ type: "end" });
    if (this.known.seal !== "on" || !reachable(this.known)) return this.#endAtService();
    if (this.#cancelEnd === null) this.#cancelEnd = this.#parts.clock.after(this.#lockWaits() ? LOCK_MS : SIGN_MS, () => this.#endAtService());
  }

  /** A colleague leaves; the session goes on. */
  leaveForGood(): void {
    this.#parts.renderer.post({ type: "end" });
    this.#signal.send({ type: "leave" });
  }

  /** Tells the agent, sealed, that a colleague will come, and what they prove themselves by. */
  introduce({ participant, name, organisation, rights }: ColleagueInvited, purpose: Purpose, digits: string): void {
    this.#parts.renderer.post({ type: "together", message: { type: "introduce", participant, name, organisation, purpose, rights, digits } });
  }

  /** A colleague must go, or need not come. */
  dismiss(participant: ParticipantId): void {
    this.#parts.renderer.post({ type: "together", message: { type: "dismiss", participant } });
    this.#signal.send({ type: "remove", participant });
  }

  /** What the picture is to be when the way does not carry both. */
  choosePicture(prefer: Prefer): void {
    this.prefer = prefer;
    this.wish({ type: "picture", prefer });
  }

  wish(wish: Wish): void {
    this.#parts.renderer.post({ type: "wish", wish });
  }

  /** The customer's computer is to lock its screen, and has not said what came of it. */
  #lockWaits(): boolean {
    const { lock } = this.known;
    return lock !== null && lock.wanted && lock.done === "not_yet";
  }

  #endAtService(): void {
    this.#cancelEnd?.();
    this.#cancelEnd = null;
    this.#signal.send({ type: "end" });
  }

  /** Says something to a tool's other end. Nobody hears it while there is no seal. */
  tool<Name extends keyof ToolMessages>(stream: Name, message: ToolMessages[Name]): void {
    this.#parts.renderer.post({ type: "tool", stream, message } as ToWorker);
  }

  /** Sends bodies of the files' stream, one behind another, and gives them away. */
  sendBulk(bytes: Uint8Array<ArrayBuffer>, lengths: Uint32Array): void {
    this.#parts.renderer.post({ type: "bulk", bytes, lengths }, [bytes.buffer]);
  }

  /** Called whenever messages about files are on their way. */
  taken: (messages: number) => void = () => undefined;

  /** Called whenever the technician types or points. */
  acted: () => void = () => undefined;

  /** Takes the agent's messages about files as they are. */
  bulk: (messages: Uint8Array<ArrayBuffer>[]) => void = () => undefined;

  /** Listens to a tool's other end, until the returned function is called. */
  onTool<Name extends keyof ToolMessages>(stream: Name, listen: (message: ToolMessages[Name]) => void): () => void {
    const listener = { stream, listen: listen as (message: ToolMessages[keyof ToolMessages]) => void };
    this.#tools.add(listener);
    return () => void this.#tools.delete(listener);
  }

  attach(canvas: HTMLCanvasElement): void {
    this.#parts.renderer.attach(canvas);
  }

  /** A further canvas shows a part of the picture; `showPart` says which. */
  attachPart(id: number, canvas: HTMLCanvasElement): void {
    this.#parts.renderer.attachPart(id, canvas);
  }

  showPart(id: number, { x, y, width: w, height: h }: Part): void {
    this.#parts.renderer.showPart(id, { x, y, w, h });
  }

  detachPart(id: number): void {
    this.#parts.renderer.detachPart(id);
  }

  /** Input of the technician, straight to the worker. */
  input(message: Extract<ToWorker, { type: "key" | "button" | "wheel" | "pointer" | "pointer_by" | "text" | "letter" | "stop_text" | "release_all" }>): void {
    if (message.type !== "release_all") this.acted();
    this.#parts.renderer.post(message);
  }

  #take(event: SessionEvent): void {
    const before = this.known;
    const after = next(before, event);
    if (after === before) return;
    this.known = after;
    for (const remark of remarks(before, after)) {
      if (remark === "control_withdrawn" && this.#gaveUp) continue;
      this.remark = { remark, count: (this.remark?.count ?? 0) + 1 };
    }
    if (!may(after, "control")) this.#gaveUp = false;
    const agent = agentOf(after);
    this.#parts.renderer.post({ type: "watch", agent: agent !== null && agent.connected && agent.media });
    if (after.session !== before.session || after.participant !== before.participant) this.#tellView();
    this.#askForView();
    if (after.ended !== null && before.ended === null) {
      this.#parts.seal.forget();
      this.#parts.receipt?.forget();
      this.#cancelEnd?.();
      this.#cancelEnd = null;
      this.#stopMedia();
    }
  }

  /** Both ends must see the same session, or their hand-shake fails. */
  #tellView(): void {
    const { session, participant } = this.known;
    const [agent, me] = [agentOf(this.known), session?.participants.find(({ id }) => id === participant)];
    if (!session || !agent || !me) return;
    const person = ({ name, organisation }: { name: string; organisation: string }) => ({ name, organisation });
    const view = { session: session.id, agent: agent.id, console: me.id, technician: person(me), customer: person(agent), version: this.#version };
    this.#parts.renderer.post({ type: "seal_view", view });
  }

  /** The first thing a technician wants is to see; the customer is asked as soon as the customer is there. */
  #askForView(): void {
    const { known } = this;
    if (known.ended !== null || !reachable(known)) return;
    // Nobody hears it before there are keys.
    if (known.seal !== "on") return;
    // For whoever was brought in, the agent has asked.
    if (known.invited !== null) return;
    if (known.consent !== null && known.consent.state !== "fresh") return;
    const now = this.#parts.clock.now();
    if (now - this.#askedAt < ASK_AGAIN_MS) return;
    this.ask(["view"]);
  }

  #fromService(message: FromService): void {
    const now = this.#parts.clock.now();
    switch (message.type) {
      case "welcome": {
        this.#opened = true;
        this.#version = message.version;
        this.#refusedSockets = 0;
        const same = this.#mediaOpen && this.known.participant === message.participant;
        this.#take({ type: "welcome", participant: message.participant, session: message.session });
        if (same) {
          // The media link outlived the socket: it only has to be told, and may be waiting for a ticket.
          this.#signal.send({ type: "media", up: this.known.media.state === "up" });
          this.#parts.renderer.post({ type: "renew", offer: message.media });
        } else {
          this.#mediaOpen = true;
          this.#parts.renderer.post({ type: "seal", secret: this.#parts.seal.secret });
          const { participant, media: offer } = message;
          const kept = this.#parts.receipt?.kept;
          if (kept) this.#parts.renderer.post({ type: "receipt_kept", kept });
          this.#parts.renderer.post({ type: "open", participant, offer, origin: this.#parts.origin });
        }
        return;
      }
      case "session":
        return this.#take({ type: "session", snapshot: message.snapshot, now });
      case "media":
        return this.#parts.renderer.post({ type: "renew", offer: message.offer });
      case "ended":
        return this.#take({ type: "ended", reason: message.reason });
      case "left":
        this.#take({ type: "left", why: message.why });
        this.#parts.seal.forget();
        this.#parts.receipt?.forget();
        this.#signal.close();
        return this.#stopMedia();
      case "problem":
        return this.#take({ type: "failed", code: message.code, message: message.message });
      case "pong":
      case "unknown":
        return;
    }
  }

  #fromRenderer(message: FromWorker): void {
    const now = this.#parts.clock.now();
    switch (message.type) {
      case "link_up":
        this.#take({ type: "link_up", carrier: message.carrier, udpBlocked: message.udpBlocked });
        this.#signal.send({ type: "media", up: true });
        return;
      case "link_lost":
        this.#take({ type: "link_lost", why: message.why, now });
        this.#signal.send({ type: "media", up: false });
        return;
      case "link_wants_offer":
        return this.#signal.send({ type: "renew_media" });
      case "link_refused":
        // "Ended" is the socket's to tell, with its reason. Whom another page replaced must not fight back.
        if (message.code === CLOSE.replaced) this.#replaced();
        else this.#take({ type: "link_lost", why: message.why, now });
        return;
      case "seal":
        // Nobody heard what was asked before there were keys.
        this.#askedAt = Number.NEGATIVE_INFINITY;
        this.#take({ type: "seal", state: message.state, names: message.names });
        // Nobody can come by this code any more.
        if (message.state === "void") this.#signal.send({ type: this.known.invited === null ? "end" : "leave" });
        return;
      case "seal_resumption":
        return this.#parts.seal.keep({ resumption: message.resumption });
      case "seal_left":
        this.#parts.seal.keep({ left: message.left });
        return this.#take(message);
      case "receipt":
        if (this.known.ended === null) this.#parts.receipt?.keep(message.kept);
        this.#parts.deliver?.(message.copy);
        this.#signed = message.copy.ended;
        if (message.copy.ended && this.#cancelEnd && !this.#lockWaits()) this.#endAtService();
        return;
      case "receipt_refused":
        return this.#take({ type: "receipt_refused", why: message.why });
      case "bulk_taken":
        return this.taken(message.messages);
      case "bulk":
        return this.bulk(message.messages);
      case "tool":
        for (const { stream, listen } of this.#tools) if (stream === message.stream) listen(message.message);
        return;
      case "cursor":
        this.cursor = message.cursor;
        return;
      case "cursor_at":
        this.pointerAt = { x: message.x, y: message.y, seen: now };
        return;
      case "failed":
        return this.#take({ type: "failed", code: "renderer", message: message.why });
      case "ready":
        return;
      case "together":
        if (message.message.type === "took_over" && message.message.to === this.known.participant) this.#parts.seal.keep({ invited: undefined });
        return this.#take(message);
      case "quality":
      case "seal_met":
      case "stale":
      case "consent":
      case "rtt":
      case "screen":
      case "exact":
      case "notice":
      case "captured":
      case "monitors":
      case "restart":
      case "refused":
        return this.#take(message);
      case "screen_lock":
        this.#take(message);
        // The service closes the way between the ends: what came of the lock was waited for.
        if (this.#signed && this.#cancelEnd && !this.#lockWaits()) this.#endAtService();
        return;
    }
  }

  #signalLost(): void {
    this.#take({ type: "signal_lost", now: this.#parts.clock.now() });
    if (this.#opened) {
      this.#opened = false;
      return;
    }
    this.#refusedSockets += 1;
    if (this.#refusedSockets % INQUIRE_AFTER !== 0) return;
    void this.#parts.inquire().then((problem) => {
      if (!problem || this.#opened || this.known.ended !== null) return;
      this.#signal.close();
      this.#stopMedia();
      // It was this page's session, and it is over: the service ended it while this end was away, or somebody did.
      const { session, signal, media } = this.known;
      if (problem.code !== "session_gone" || session === null) return this.#take({ type: "failed", ...problem });
      const now = this.#parts.clock.now();
      // Whichever of the two ways was noticed first.
      const away = Math.max(...[signal, media].map((way) => (way.state === "lost" ? now - way.since : 0)));
      this.#take({ type: "ended", reason: away >= LONG_AWAY_MS ? "lost" : "unknown" });
    });
  }

  #replaced(): void {
    this.#signal.close();
    this.#stopMedia();
    this.#take({ type: "failed", code: "replaced", message: "This session was opened elsewhere." });
  }

  #stopMedia(): void {
    this.#mediaOpen = false;
    this.#parts.renderer.post({ type: "close" });
  }
}
