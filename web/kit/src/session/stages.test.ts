import { describe, expect, it } from "vitest";
import type { ConsentSnapshot, Participant, SessionSnapshot } from "../types";
import { may, mayRestart, next, nothingKnown, refusedRestart, remarks, stageOf, type Known, type SessionEvent } from "./state";

const agent: Participant = { id: 1, role: "agent", name: "", organisation: "", connected: true, media: true, gone: false };

function session(revision: number, state: SessionSnapshot["state"], more: Partial<SessionSnapshot> = {}): SessionSnapshot {
  return { id: "s", revision, state, participants: [agent], code_expires_at: 0, created_at: 0, ...more } as SessionSnapshot;
}

function after(...events: SessionEvent[]): Known {
  return events.reduce(next, nothingKnown);
}

const here: SessionEvent[] = [
  { type: "welcome", participant: 2, session: session(1, "live") },
  { type: "link_up", carrier: "webtransport", udpBlocked: false },
];
const granted = (revision: number, ...rights: ("view" | "control")[]): SessionEvent => ({
  type: "consent",
  snapshot: { revision, state: "granted", rights, more: null },
});

describe("stages", () => {
  it("go from nothing over waiting and joining to the live screen", () => {
    const waiting = session(0, "waiting", { participants: [] });
    expect(stageOf(nothingKnown).stage).toBe("connecting");
    expect(stageOf(after({ type: "welcome", participant: 2, session: waiting })).stage).toBe("waiting");
    expect(stageOf(after({ type: "welcome", participant: 2, session: session(1, "claimed") })).stage).toBe("joining");
    expect(stageOf(after(...here)).stage).toBe("joining");
    expect(stageOf(after(...here, { type: "consent", snapshot: { revision: 1, state: "fresh" } })).stage).toBe("ready");
    const asking = after(...here, { type: "consent", snapshot: { revision: 2, state: "asking", rights: ["view"] } });
    expect(stageOf(asking)).toEqual({ stage: "asking", rights: ["view"] });
    expect(stageOf(after(...here, granted(3, "view")))).toEqual({ stage: "live", control: false, more: null });
    expect(stageOf(after(...here, granted(3, "view", "control")))).toEqual({ stage: "live", control: true, more: null });
  });

  it("hold nothing permitted while held", () => {
    const held: ConsentSnapshot = { revision: 4, state: "held", rights: ["view", "control"], holds: ["customer"] };
    const known = after(...here, granted(3, "view", "control"), { type: "consent", snapshot: held });
    expect(stageOf(known)).toEqual({ stage: "held", holds: ["customer"] });
    expect(may(known, "control")).toBe(false);
  });

  it("say that a code was wrong once nobody can come by it any more", () => {
    const wrong: SessionEvent = { type: "seal", state: "wrong_secret", names: null };
    expect(stageOf(after(...here, wrong)).stage).toBe("joining");
    expect(stageOf(after(...here, wrong, { type: "ended", reason: "customer" })).stage).toBe("wrong_code");
    expect(stageOf(after(...here, wrong, { type: "seal", state: "void", names: null })).stage).toBe("wrong_code");
    const met: SessionEvent = { type: "seal", state: "on", names: { technician: "Ada", organisation: "Help", customer: "" } };
    expect(stageOf(after(...here, wrong, met, { type: "ended", reason: "customer" })).stage).toBe("ended");
  });

  it("say who is away", () => {
    const ours = after(...here, granted(1, "view"), { type: "link_lost", why: "", now: 5 });
    expect(stageOf(ours)).toEqual({ stage: "lost", who: "us", since: 5 });
    const gone = { ...agent, media: false };
    const theirs = after(...here, granted(1, "view"), {
      type: "session",
      snapshot: session(9, "interrupted", { participants: [gone] }),
      now: 7,
    });
    expect(stageOf(theirs)).toEqual({ stage: "lost", who: "them", since: 7 });
  });

  it("say that the customer’s computer restarts, until it is there, and until when it is waited for", () => {
    const going = { type: "restart", restart: { possible: true, stage: { type: "going", seconds: 1800, ask_again: false } } } as const;
    const away = { ...agent, connected: false, media: false };
    const known = after(...here, granted(1, "view"), going, { type: "session", snapshot: session(9, "interrupted", { participants: [away], back_until: 5_000 }), now: 7 });
    expect(stageOf(known)).toEqual({ stage: "restarting", until: 5_000 });
    expect(mayRestart(known)).toBe(false);
    // Announced, and still there: the session goes on until it goes.
    const soon = after(...here, granted(1, "view"), going, { type: "session", snapshot: session(9, "live", { back_until: 5_000 }), now: 7 });
    expect(stageOf(soon).stage).toBe("live");
    const back = next(known, { type: "session", snapshot: session(11, "live"), now: 9 });
    expect(stageOf(back).stage).toBe("live");
    expect(stageOf(next(known, { type: "ended", reason: "lost" })).stage).toBe("ended");
  });

  it("let a restart be asked for by whose session it is, once something is allowed", () => {
    const possible = { type: "restart", restart: { possible: true, stage: { type: "idle" } } } as const;
    expect(mayRestart(after(...here, possible))).toBe(false);
    expect(mayRestart(after(...here, granted(1, "view")))).toBe(false);
    expect(mayRestart(after(...here, granted(1, "view"), possible))).toBe(true);
    expect(mayRestart({ ...after(...here, granted(1, "view"), possible), invited: "help" })).toBe(false);
  });

  it("offer no restart that the customer is not asked about any more, and say so", () => {
    const refused = (possible: boolean) => after(...here, granted(1, "view"), { type: "restart", restart: { possible, stage: { type: "refused" } } });
    expect([mayRestart(refused(true)), refusedRestart(refused(true))]).toEqual([true, "restart.refused"]);
    expect([mayRestart(refused(false)), refusedRestart(refused(false))]).toEqual([false, "restart.refused_last"]);
  });

  it("count a loss from its beginning", () => {
    const known = after(...here, granted(1, "view"), { type: "link_lost", why: "", now: 5 }, { type: "link_lost", why: "", now: 9 });
    expect(stageOf(known)).toMatchObject({ since: 5 });
  });

  it("end for good", () => {
    const known = after(...here, { type: "ended", reason: "customer" }, granted(9, "view"));
    expect(stageOf(known)).toEqual({ stage: "ended", reason: "customer", consent: null });
    const refused = after(...here, { type: "consent", snapshot: { revision: 2, state: "ended", why: "timed_out" } });
    expect(stageOf(refused)).toEqual({ stage: "ended", reason: "refused", consent: "timed_out" });
    expect(stageOf(after({ type: "welcome", participant: 2, session: session(3, "ended", { reason: "lost" } as Partial<SessionSnapshot>) }))).toMatchObject({
      stage: "ended",
      reason: "lost",
    });
  });
});

describe("snapshots", () => {
  it("that are older than what is known are ignored", () => {
    const known = after(...here, granted(5, "view", "control"), granted(4, "view"));
    expect(may(known, "control")).toBe(true);
    const sessions = after({ type: "session", snapshot: session(5, "live"), now: 0 }, { type: "session", snapshot: session(4, "waiting"), now: 0 });
    expect(sessions.session?.state).toBe("live");
  });
});

describe("remarks", () => {
  const view = after(...here, granted(1, "view"));
  const control = next(view, granted(3, "view", "control"));

  it("tell what changed about control", () => {
    const asked = next(view, { type: "consent", snapshot: { revision: 2, state: "granted", rights: ["view"], more: ["view", "control"] } });
    expect(remarks(view, asked)).toEqual([]);
    expect(remarks(asked, control)).toEqual(["control_granted"]);
    expect(remarks(asked, next(asked, granted(3, "view")))).toEqual(["control_refused"]);
    expect(remarks(control, next(control, granted(4, "view")))).toEqual(["control_withdrawn"]);
  });

  it("tell when the carrier changes", () => {
    const slow = next(view, { type: "link_up", carrier: "websocket", udpBlocked: true });
    expect(remarks(view, slow)).toEqual(["fell_back"]);
    expect(remarks(slow, next(slow, { type: "link_up", carrier: "webtransport", udpBlocked: false }))).toEqual(["switched_back"]);
  });
});

describe("a session of several technicians", () => {
  const bob = (consent: ConsentSnapshot): SessionEvent => ({ type: "together", message: { type: "rights", to: 2, snapshot: consent } });
  const snapshot = (revision: number, state: object): ConsentSnapshot => ({ revision, ...state }) as ConsentSnapshot;
  const view = { state: "granted", rights: ["view"], more: null };
  const both = { state: "granted", rights: ["view", "control"], more: null };

  /** A console that a colleague brought in, as number 2. */
  function invited(...events: SessionEvent[]): Known {
    return [...here, ...events].reduce(next, { ...nothingKnown, invited: "help" });
  }

  it("waits for the customer once the two ends know each other", () => {
    expect(stageOf(invited()).stage).toBe("joining");
    const met = invited({ type: "seal_met", names: { technician: "Bob", organisation: "Help", customer: "" } });
    expect(stageOf(met).stage).toBe("let_in");
  });

  it("does what is its own, whatever the session allows another", () => {
    const keys: SessionEvent = { type: "seal", state: "on", names: null };
    const known = invited(keys, { type: "consent", snapshot: snapshot(40, both) }, bob(snapshot(1, view)));
    expect(stageOf(known)).toEqual({ stage: "live", control: false, more: null });
    expect(may(known, "control")).toBe(false);
    // Numbers of the one say nothing of the other.
    const later = next(known, { type: "consent", snapshot: snapshot(41, both) });
    expect(may(later, "control")).toBe(false);
    expect(may(next(later, bob(snapshot(2, both))), "control")).toBe(true);
    // Before it is told of its own, nothing is.
    expect(invited(keys, { type: "consent", snapshot: snapshot(40, both) }).consent).toBeNull();
  });

  it("has the session itself when it took over", () => {
    const known = invited(bob(snapshot(1, view)), { type: "consent", snapshot: snapshot(40, both) });
    const took = next(known, { type: "together", message: { type: "took_over", from: 3, to: 2 } });
    expect(took.invited).toBeNull();
    expect(may(took, "control")).toBe(true);
    const others = next(known, { type: "together", message: { type: "took_over", from: 3, to: 9 } });
    expect(may(others, "control")).toBe(false);
  });

  it("is over for who left, and is not another's code", () => {
    expect(stageOf(invited({ type: "left", why: "removed" }))).toEqual({ stage: "left", why: "removed" });
    expect(stageOf(invited({ type: "seal", state: "wrong_secret", names: null })).stage).toBe("wrong_code");
  });

  it("shows another's consent without taking it for its own", () => {
    const other: SessionEvent = { type: "together", message: { type: "rights", to: 7, snapshot: snapshot(5, both) } };
    const known = after(...here, granted(1, "view"), other);
    expect(known.colleagues[7]).toEqual(snapshot(5, both));
    expect(may(known, "control")).toBe(false);
  });
});
