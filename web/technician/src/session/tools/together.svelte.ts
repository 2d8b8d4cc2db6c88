import { api } from "@kit/api/client";
import { told } from "@kit/api/resource.svelte";
import { drawDigits } from "@kit/session/seal";
import type { Session } from "@kit/session/session.svelte";
import type { Colleague, ConsentSnapshot, Participant, Purpose } from "@kit/types";

/** Where a colleague stands. */
export type Standing = "invited" | "joining" | "asked" | "sees" | "controls" | "paused" | "gone";

export interface Person {
  participant: Participant;
  standing: Standing;
  /** What they still have to be told, by voice or by another way than this service. */
  digits: string | null;
  me: boolean;
}

export function standingOf(participant: Participant, consent: ConsentSnapshot | undefined): Standing {
  if (participant.gone) return "gone";
  switch (consent?.state) {
    case "asking":
      return "asked";
    case "granted":
      return consent.rights.includes("control") ? "controls" : "sees";
    case "held":
      return "paused";
    case "ended":
      return "gone";
    case "fresh":
    case "unknown":
    case undefined:
      return participant.connected ? "joining" : "invited";
  }
}

/** Whom a session's technician brings in. */
class Together {
  readonly #session: Session;
  list = $state.raw<readonly Colleague[] | null>(null);
  problem = $state<string | null>(null);
  busy = $state(false);
  /** Digits of colleagues who have not come yet. They are kept nowhere else. */
  digits = $state.raw<Readonly<Record<number, string>>>({});

  constructor(session: Session) {
    this.#session = session;
  }

  readonly people = $derived.by((): Person[] => {
    const { session, participant: me, colleagues, invited } = this.#session.known;
    const technicians = session?.participants.filter(({ role }) => role === "technician") ?? [];
    return technicians
      .map((participant) => {
        const own = participant.id === me && invited === null ? this.#session.known.leads : colleagues[participant.id];
        const consent = own ?? undefined;
        const waiting = !participant.connected && !participant.gone;
        return {
          participant,
          standing: standingOf(participant, consent),
          digits: waiting ? (this.digits[participant.id] ?? null) : null,
          me: participant.id === me,
        };
      })
      .filter(({ standing }) => standing !== "gone");
  });

  async load(): Promise<void> {
    const id = this.#session.known.session?.id;
    if (id === undefined) return;
    try {
      this.list = (await api.colleagues(id)).colleagues;
      this.problem = null;
    } catch (error) {
      this.problem = told(error);
    }
  }

  /** Asks the service for a place, and tells the agent, sealed, what whoever takes it must have. */
  async invite(user: string, purpose: Purpose): Promise<void> {
    const id = this.#session.known.session?.id;
    if (id === undefined || this.busy) return;
    this.busy = true;
    this.problem = null;
    try {
      const invited = await api.inviteColleague(id, { user, purpose });
      const digits = drawDigits();
      this.digits = { ...this.digits, [invited.participant]: digits };
      this.#session.introduce(invited, purpose, digits);
    } catch (error) {
      this.problem = told(error);
    } finally {
      this.busy = false;
    }
  }

  dismiss(participant: number): void {
    this.#session.dismiss(participant);
  }
}

const all = new WeakMap<Session, Together>();

/** One for each session. */
export function togetherOf(session: Session): Together {
  const known = all.get(session);
  if (known) return known;
  const made = new Together(session);
  all.set(session, made);
  return made;
}
