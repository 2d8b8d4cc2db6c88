/**
 * How requests reach the service. In a browser the pages come from the service itself, and a cookie that no script can
 * read proves the sign-in. A program that shows the same pages brings its own way and its own proof.
 */
export interface Transport {
  /** The service's address without a slash at its end; empty where the pages come from it. */
  readonly base: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Sent with every request, such as a bearer token. */
  headers(): Record<string, string>;
  /** Told after each answer that signed somebody in, where the token is the program's to keep. */
  keep?(token: string): void;
}

const browser: Transport = {
  base: "",
  fetch: (url, init) => fetch(url, { ...init, credentials: "same-origin", cache: "no-store" }),
  headers: () => ({}),
};

let current: Transport = browser;

export function transport(): Transport {
  return current;
}

/** Called once, before the first request. */
export function useTransport(other: Transport): void {
  current = other;
}

/** The service's address for people: for links that they pass on. */
export function serviceOrigin(): string {
  return current.base || location.origin;
}
