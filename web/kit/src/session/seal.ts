import type { ParticipantId, Purpose } from "../types";

/** What a console makes for a session and never sends: it goes to the customer by mouth or in a link's fragment, and to the worker. */
export interface SealSecret {
  /** This session's receipt key. */
  seed: Uint8Array;
  /** The last four digits of the code. */
  digits: string;
  /** 128 bits, 22 letters of base64url. */
  link: string;
  /** What the last hand-shake left, for a reload. */
  resumption: Uint8Array | null;
  /** Wrong tries that are left of code and link. */
  left: number;
  /** In another's session: what one was brought in for. */
  invited?: Purpose | undefined;
}

/** Wrong tries of a code or link at this end; the agent has one of its own, which makes three in all. */
export const CONSOLE_TRIES = 2;

/** The two ends as they have proven themselves to one another. */
export interface SealNames {
  technician: string;
  organisation: string;
  customer: string;
}

/** What the service says of the session, which both ends must see alike. */
export interface SealView {
  session: string;
  agent: ParticipantId;
  console: ParticipantId;
  technician: { name: string; organisation: string };
  customer: { name: string; organisation: string };
  version: number;
}

/** Where the seal stands, for people. */
export type SealState = "off" | "on" | "wrong_secret" | "tampered" | "void";

/** Keeps a session's secret for as long as the session lasts, in this browser. */
export interface SealKeeper {
  secret: SealSecret;
  keep(what: { resumption?: Uint8Array | null; left?: number; invited?: undefined }): void;
  forget(): void;
}

const PREFIX = "farhand.seal.";
const LETTERS = /^[A-Za-z0-9_-]{22}$/;
const DIGITS = /^\d{4}$/;
const PURPOSES: ReadonlySet<Purpose> = new Set(["watch", "help", "take_over"]);

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function read(text: string | null): SealSecret | null {
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as { seed: string; digits: string; link: string; resumption: string | null; left: number; invited?: Purpose };
    const { digits, link, left, invited } = kept;
    const secret = { seed: fromBase64Url(kept.seed), digits, link, resumption: kept.resumption === null ? null : fromBase64Url(kept.resumption), left, ...(invited && PURPOSES.has(invited) ? { invited } : {}) };
    const whole = secret.seed.length === 32 && DIGITS.test(digits) && LETTERS.test(link) && Number.isInteger(left);
    return whole ? secret : null;
  } catch {
    return null;
  }
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Four digits, all equally likely. */
export function drawDigits(): string {
  const CODES = 10_000;
  // What is above the last whole multiple would favour the lower ones.
  const fair = 2 ** 32 - (2 ** 32 % CODES);
  for (;;) {
    const [number = fair] = crypto.getRandomValues(new Uint32Array(1));
    if (number < fair) return String(number % CODES).padStart(4, "0");
  }
}

/** For a colleague's session: the four digits that the colleague says. They are not sent either. */
export function invitedSecret(digits: string, invited: Purpose): SealSecret {
  return { ...drawSecret(), digits, invited };
}

/** Secrets for a new session; `sealKeeper` keeps them once the session has its name. */
export function drawSecret(): SealSecret {
  const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
  return { seed: random(32), digits: drawDigits(), link: toBase64Url(random(16)), resumption: null, left: CONSOLE_TRIES };
}

function write(session: string, storage: Store, secret: SealSecret): void {
  const { seed, digits, link, resumption, left, invited } = secret;
  storage.setItem(PREFIX + session, JSON.stringify({ seed: toBase64Url(seed), digits, link, resumption: resumption && toBase64Url(resumption), left, invited }));
}

/** The secret of a session, made when it is first asked for, unless it was drawn before. */
export function sealKeeper(session: string, storage: Store = localStorage, drawn?: SealSecret): SealKeeper {
  let secret = drawn ?? read(storage.getItem(PREFIX + session));
  if (!secret || drawn) {
    secret ??= drawSecret();
    write(session, storage, secret);
  }
  return {
    secret,
    keep(what) {
      this.secret = { ...this.secret, ...what } as SealSecret;
      write(session, storage, this.secret);
    },
    forget: () => storage.removeItem(PREFIX + session),
  };
}

/** The secret digits of a session that was started in this browser; null of any other. */
export function keptDigits(session: string, storage: Store = localStorage): string | null {
  return read(storage.getItem(PREFIX + session))?.digits ?? null;
}

/** The link with its secret: everything behind the "#" stays in the browser. */
export function sealedLink(link: string, secret: SealSecret): string {
  return `${link}.${secret.link}`;
}

/** What a link carries behind its "#": the session's number and the secret. Null when it is no link. */
export function readLink(text: string): { number: string; secret: string } | null {
  const [, number, secret] = /#(\d{6})\.([A-Za-z0-9_-]{22})$/.exec(text.trim()) ?? [];
  return number !== undefined && secret !== undefined ? { number, secret } : null;
}
