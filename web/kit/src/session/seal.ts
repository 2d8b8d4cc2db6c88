import type { ParticipantId } from "../types";

/** What a console makes for a session and never sends: it goes to the customer in a link's fragment, and to the worker. */
export interface SealSecret {
  /** This session's receipt key. */
  seed: Uint8Array;
  /** 128 bits, 22 letters of base64url. */
  link: string;
  /** What the last hand-shake left, for a reload. */
  resumption: Uint8Array | null;
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
export type SealState = "off" | "on" | "wrong_secret" | "tampered";

/** Keeps a session's secret for as long as the session lasts, in this browser. */
export interface SealKeeper {
  secret: SealSecret;
  keep(resumption: Uint8Array): void;
  forget(): void;
}

const PREFIX = "farhand.seal.";
const LETTERS = /^[A-Za-z0-9_-]{22}$/;

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function read(text: string | null): SealSecret | null {
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as { seed: string; link: string; resumption: string | null };
    const secret = { seed: fromBase64Url(kept.seed), link: kept.link, resumption: kept.resumption === null ? null : fromBase64Url(kept.resumption) };
    return secret.seed.length === 32 && LETTERS.test(secret.link) ? secret : null;
  } catch {
    return null;
  }
}

/** The secret of a session, made when it is first asked for. */
export function sealKeeper(session: string, storage: Pick<Storage, "getItem" | "setItem" | "removeItem"> = localStorage): SealKeeper {
  const key = PREFIX + session;
  const write = (secret: SealSecret): void => {
    const { seed, link, resumption } = secret;
    storage.setItem(key, JSON.stringify({ seed: toBase64Url(seed), link, resumption: resumption && toBase64Url(resumption) }));
  };
  let secret = read(storage.getItem(key));
  if (!secret) {
    const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
    secret = { seed: random(32), link: toBase64Url(random(16)), resumption: null };
    write(secret);
  }
  return {
    secret,
    keep(resumption) {
      this.secret = { ...this.secret, resumption };
      write(this.secret);
    },
    forget: () => storage.removeItem(key),
  };
}

/** The link with its secret: everything behind the "#" stays in the browser. */
export function sealedLink(link: string, secret: SealSecret): string {
  return `${link}.${secret.link}`;
}

/** The secret in a link's fragment; null when it has none. */
export function linkSecret(text: string): string | null {
  const secret = text.trim().split(".").at(-1) ?? "";
  return text.includes("#") && LETTERS.test(secret) ? secret : null;
}
