import type { CarrierKind } from "../link/link";
import type { Quality } from "../screen/messages";
import type {
  ConsentEnd,
  ConsentSnapshot,
  EndReason,
  Hold,
  LeftWhy,
  Monitors,
  Notice,
  Participant,
  Purpose,
  Restart,
  Right,
  Rights,
  ScreenLock,
  SessionSnapshot,
  Together,
} from "../types";
import { newer } from "./mirror";
import { CONSOLE_TRIES, type SealNames, type SealState } from "./seal";

/** Where the way to the media service stands. */
export type Media =
  | { state: "connecting" }
  | { state: "up"; carrier: CarrierKind; udpBlocked: boolean }
  | { state: "lost"; since: number; why: string };

/** Everything that is known about a session, and nothing that follows from it. */
export interface Known {
  session: SessionSnapshot | null;
  /** What this console may do: the session's consent, or its own where a colleague brought it in. */
  consent: ConsentSnapshot | null;
  /** The session's. */
  leads: ConsentSnapshot | null;
  /** Of the colleagues whom somebody brought in, by their numbers. */
  colleagues: Readonly<Record<number, ConsentSnapshot>>;
  /** What this console was brought in for; null where the session is its own. */
  invited: Purpose | null;
  /** This console's part is over, and the session goes on. */
  left: LeftWhy | null;
  quality: Quality | null;
  /** Nothing is heard of the customer's side: what is shown is old. */
  stale: boolean;
  participant: number | null;
  signal: { state: "connecting" } | { state: "open" } | { state: "lost"; since: number };
  media: Media;
  rttMs: number | null;
  screen: { width: number; height: number } | null;
  exact: boolean;
  /** Monitors, what is shared of them, and which part of the desktop the picture shows. */
  monitors: Monitors | null;
  /** Whether the customer's screen is locked at the end, as their computer says. */
  lock: ScreenLock | null;
  /** Where restarting the customer's computer stands. */
  restart: Restart | null;
  /** Colleagues whose invitations are void, for they had not the digits: the newest. */
  unproven: { participant: number; name: string; count: number } | null;
  ended: EndReason | null;
  /** The service or the media service refused for good. */
  failure: { code: string; message: string } | null;
  notice: Notice | null;
  /** Why the customer's screen cannot be captured at this time, as their computer says: what is shown is old. */
  uncaptured: string | null;
  seal: SealState;
  /** The two ends as they have proven themselves to one another. */
  sealNames: SealNames | null;
  /** Wrong tries that are left of the code, as this page has seen. */
  sealLeft: number;
  /** Wrong tries that this page has seen. */
  wrongTries: number;
  /** Somebody on the way sent something of their own, which had no effect. */
  refused: boolean;
  /** Why this side does not sign the receipt any further. */
  receiptRefused: string | null;
  /** When the session was first seen interrupted, on this page's clock. */
  interruptedAt: number | null;
}

export const nothingKnown: Known = {
  session: null,
  consent: null,
  leads: null,
  colleagues: {},
  invited: null,
  left: null,
  quality: null,
  stale: false,
  participant: null,
  signal: { state: "connecting" },
  media: { state: "connecting" },
  rttMs: null,
  screen: null,
  exact: false,
  monitors: null,
  lock: null,
  restart: null,
  unproven: null,
  ended: null,
  failure: null,
  notice: null,
  uncaptured: null,
  seal: "off",
  sealNames: null,
  sealLeft: CONSOLE_TRIES,
  wrongTries: 0,
  refused: false,
  receiptRefused: null,
  interruptedAt: null,
};

export type SessionEvent =
  | { type: "signal_open" }
  | { type: "signal_lost"; now: number }
  | { type: "welcome"; participant: number; session: SessionSnapshot }
  | { type: "session"; snapshot: SessionSnapshot; now: number }
  | { type: "ended"; reason: EndReason }
  | { type: "failed"; code: string; message: string }
  | { type: "link_up"; carrier: CarrierKind; udpBlocked: boolean }
  | { type: "link_lost"; why: string; now: number }
  | { type: "consent"; snapshot: ConsentSnapshot }
  | { type: "rtt"; ms: number }
  | { type: "screen"; width: number; height: number }
  | { type: "exact"; exact: boolean }
  | { type: "monitors"; monitors: Monitors }
  | { type: "screen_lock"; lock: ScreenLock }
  | { type: "restart"; restart: Restart }
  | { type: "seal"; state: SealState; names: SealNames | null }
  | { type: "seal_left"; left: number }
  | { type: "refused" }
  | { type: "together"; message: Together }
  | { type: "left"; why: LeftWhy }
  | { type: "quality"; quality: Quality }
  | { type: "seal_met"; names: SealNames }
  | { type: "stale"; stale: boolean }
  | { type: "receipt_refused"; why: string }
  | { type: "notice"; notice: Notice }
  | { type: "captured" };

export function next(known: Known, event: SessionEvent): Known {
  switch (event.type) {
    case "signal_open":
      return { ...known, signal: { state: "open" } };
    case "signal_lost":
      return known.signal.state === "lost" ? known : { ...known, signal: { state: "lost", since: event.now } };
    case "welcome":
      return withSession({ ...known, participant: event.participant, signal: { state: "open" } }, event.session, known.interruptedAt);
    case "session":
      return withSession(known, event.snapshot, known.interruptedAt ?? event.now);
    case "ended": {
      return withUntold({ ...known, ended: event.reason });
    }
    case "failed":
      return { ...known, failure: { code: event.code, message: event.message } };
    case "link_up":
      return { ...known, media: { state: "up", carrier: event.carrier, udpBlocked: event.udpBlocked } };
    case "link_lost": {
      const since = known.media.state === "lost" ? known.media.since : event.now;
      return { ...known, media: { state: "lost", since, why: event.why }, rttMs: null };
    }
    case "consent":
      // Whoever asks anew does so for a picture that begins anew.
      return withOwn({ ...known, leads: newer(known.leads, event.snapshot), uncaptured: event.snapshot.state === "asking" ? null : known.uncaptured });
    case "together":
      return withTogether(known, event.message);
    case "left":
      return { ...known, left: event.why };
    case "quality":
      return { ...known, quality: event.quality };
    case "stale":
      return { ...known, stale: event.stale };
    case "seal_met":
      return { ...known, sealNames: event.names };
    case "rtt":
      return { ...known, rttMs: event.ms };
    case "screen":
      return { ...known, screen: { width: event.width, height: event.height } };
    case "monitors":
      return { ...known, monitors: event.monitors };
    case "screen_lock":
      return { ...known, lock: event.lock };
    case "restart":
      return { ...known, restart: event.restart };
    case "exact":
      return { ...known, exact: event.exact };
    case "seal": {
      const wrong = event.state === "wrong_secret" || event.state === "void";
      // The end may have been told first, and this try been counted with it.
      const counted = known.ended !== null && known.seal === "off" && known.wrongTries > 0;
      const wrongTries = known.wrongTries + (wrong && !counted ? 1 : 0);
      return { ...known, seal: event.state, sealNames: event.names ?? known.sealNames, wrongTries };
    }
    case "seal_left":
      return withUntold({ ...known, sealLeft: event.left });
    case "receipt_refused":
      return known.receiptRefused === event.why ? known : { ...known, receiptRefused: event.why };
    case "refused":
      return { ...known, refused: true };
    case "notice":
      // It is told with every try: no news each time.
      if (event.notice.kind === "capture_failed") return { ...known, uncaptured: event.notice.text };
      return { ...known, notice: event.notice };
    case "captured":
      return { ...known, uncaptured: null };
  }
}

/** What is this console's own goes before what is the session's. */
function withOwn(known: Known): Known {
  const own = known.participant === null ? undefined : known.colleagues[known.participant];
  return { ...known, consent: own ?? (known.invited === null ? known.leads : null) };
}

function withTogether(known: Known, message: Together): Known {
  switch (message.type) {
    case "rights": {
      const snapshot = newer(known.colleagues[message.to] ?? null, message.snapshot);
      return withOwn({ ...known, colleagues: { ...known.colleagues, [message.to]: snapshot } });
    }
    case "took_over": {
      const { [message.to]: _, ...colleagues } = known.colleagues;
      const ours = message.to === known.participant;
      return withOwn({ ...known, colleagues, invited: ours ? null : known.invited });
    }
    case "unproven": {
      const name = known.session?.participants.find(({ id }) => id === message.participant)?.name ?? "";
      return { ...known, unproven: { participant: message.participant, name, count: (known.unproven?.count ?? 0) + 1 } };
    }
    // A console's own messages mean nothing from an agent.
    case "introduce":
    case "dismiss":
    case "unknown":
      return known;
  }
}

function withSession(known: Known, snapshot: SessionSnapshot, interruptedAt: number | null): Known {
  const session = newer(known.session, snapshot);
  const ended = session.state === "ended" ? session.reason : known.ended;
  return { ...known, session, ended, interruptedAt: session.state === "interrupted" ? interruptedAt : null };
}

/** The customer's side, when it was ever here. */
export function agentOf(known: Known): Participant | null {
  return known.session?.participants.find((participant) => participant.role === "agent") ?? null;
}

/** Whether a message would reach the customer's machine now. */
export function reachable(known: Known): boolean {
  const agent = agentOf(known);
  return known.media.state === "up" && agent !== null && agent.connected && agent.media;
}

function agentIsHere(known: Known): boolean {
  const agent = agentOf(known);
  return agent !== null && agent.connected && agent.media;
}

/** What the customer allows at this moment. */
export function allowed(known: Known): Rights {
  return known.consent?.state === "granted" ? known.consent.rights : [];
}

export function may(known: Known, right: Right): boolean {
  return allowed(known).includes(right);
}

/** Whether a wish that the screen be locked at the end would count: whoever was given something may have it. */
export function mayWishLock({ consent, invited }: Known): boolean {
  return invited === null && (consent?.state === "granted" || consent?.state === "held") && consent.rights.length > 0;
}

/** Whether the customer may be asked to restart their computer: by whose session it is, who was given something. */
export function mayRestart(known: Known): boolean {
  return mayWishLock(known) && known.restart?.possible === true && reachable(known);
}

/** What is said when the customer did not want their computer to restart; after the last time they are not asked again. */
export function refusedRestart(known: Known): "restart.refused" | "restart.refused_last" {
  return known.restart?.possible === false ? "restart.refused_last" : "restart.refused";
}

/** What the page shows. One of these at any time. */
export type Stage =
  | { stage: "connecting" }
  | { stage: "waiting" }
  | { stage: "joining" }
  | { stage: "asking"; rights: Rights }
  | { stage: "ready" }
  | { stage: "live"; control: boolean; more: Rights | null }
  | { stage: "held"; holds: readonly Hold[] }
  | { stage: "lost"; who: "us" | "them"; since: number | null }
  /** The customer's computer restarts; it is waited for until then, by the service's clock. */
  | { stage: "restarting"; until: number }
  /** Nobody can come by the code any more, for a wrong one was tried. */
  | { stage: "wrong_code" }
  /** The customer is asked whether this colleague may come in. */
  | { stage: "let_in" }
  /** This console's part is over, and the session goes on. */
  | { stage: "left"; why: LeftWhy }
  | { stage: "ended"; reason: EndReason; consent: ConsentEnd | null }
  | { stage: "failed"; code: string; message: string };

export function stageOf(known: Known): Stage {
  const { consent, session } = known;
  const consentEnd = consent?.state === "ended" ? consent.why : null;
  if (known.left !== null) return { stage: "left", why: known.left };
  if (codeIsOver(known)) return { stage: "wrong_code" };
  if (known.ended !== null) return { stage: "ended", reason: known.ended, consent: consentEnd };
  if (known.failure !== null) return { stage: "failed", ...known.failure };
  if (session === null) return { stage: "connecting" };
  if (session.state === "waiting") return { stage: "waiting" };
  if (session.back_until !== undefined && !agentIsHere(known)) return { stage: "restarting", until: session.back_until };
  if (known.media.state === "lost" && consent !== null) return { stage: "lost", who: "us", since: known.media.since };
  if (session.state === "interrupted") return { stage: "lost", who: reachable(known) ? "us" : "them", since: known.interruptedAt };
  if (known.invited !== null && known.seal === "off" && known.sealNames !== null && reachable(known)) return { stage: "let_in" };
  if (consent === null || !reachable(known)) return { stage: "joining" };
  switch (consent.state) {
    case "fresh":
    case "unknown":
      return { stage: "ready" };
    case "asking":
      return { stage: "asking", rights: consent.rights };
    case "granted":
      if (!consent.rights.includes("view")) return { stage: "ready" };
      return { stage: "live", control: consent.rights.includes("control"), more: consent.more };
    case "held":
      return { stage: "held", holds: consent.holds };
    case "ended":
      return { stage: "ended", reason: endOf(consent.why), consent: consent.why };
  }
}

/** A try that was answered, and that nobody has told of when the session is over, came to nothing. */
function withUntold(known: Known): Known {
  const untold = known.ended !== null && known.seal === "off" ? CONSOLE_TRIES - known.sealLeft : 0;
  return { ...known, wrongTries: Math.max(known.wrongTries, untold) };
}

/**
 * The session came to nothing by a wrong code. The service may say that it is over before the other end has said why:
 * then a try is counted that nobody has told of.
 */
function codeIsOver({ seal, sealNames, sealLeft, ended, invited }: Known): boolean {
  if (invited !== null) return seal === "void" || seal === "wrong_secret";
  if (sealNames !== null) return false;
  return seal === "void" || (ended !== null && (seal === "wrong_secret" || (seal === "off" && sealLeft < CONSOLE_TRIES)));
}

function endOf(why: ConsentEnd): EndReason {
  switch (why) {
    case "refused":
    case "timed_out":
      return "refused";
    case "stopped":
      return "customer";
    case "blocked":
      return "blocked";
    case "ended_remotely":
      return "technician";
    case "grace_over":
      return "lost";
    case "unknown":
      return "unknown";
  }
}

/** What happened between two snapshots that a person should be told in passing. */
export type Remark = "control_granted" | "control_refused" | "control_withdrawn" | "resumed" | "fell_back" | "switched_back";

export function remarks(before: Known, after: Known): Remark[] {
  const found: Remark[] = [];
  const [old, now] = [before.consent, after.consent];
  if (old?.state === "granted" && now?.state === "granted") {
    const [had, has] = [old.rights.includes("control"), now.rights.includes("control")];
    if (!had && has) found.push("control_granted");
    else if (had && !has) found.push("control_withdrawn");
    else if (!has && old.more?.includes("control") && now.more === null) found.push("control_refused");
  }
  if (old?.state === "held" && now?.state === "granted") found.push("resumed");
  const [was, is] = [before.media, after.media];
  // Right from the start the badge says it; in the middle it is news.
  if (is.state === "up" && is.udpBlocked && was.state !== "connecting" && !(was.state === "up" && was.udpBlocked)) found.push("fell_back");
  if (was.state === "up" && was.udpBlocked && is.state === "up" && !is.udpBlocked) found.push("switched_back");
  return found;
}
