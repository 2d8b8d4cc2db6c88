/**
 * The console's own places are in the address's fragment: the service serves few paths, and a program that shows these
 * pages from elsewhere has no paths at all. `#/people/u7` is a place, `#/audit?security=true` one with its filters, so
 * that back, reload and a passed-on link show the same.
 */

export const PLACES = ["sessions", "people", "groups", "organisation", "audit", "reports", "data", "keys", "replies", "account"] as const;
export type Place = (typeof PLACES)[number];
export type Filters = Readonly<Record<string, string>>;

export type Route =
  | { page: "home" }
  | { page: "session"; id: string }
  | { page: "setup"; token: string }
  | { page: "invitation"; token: string }
  | { page: "reset"; token: string }
  | { page: "forgot" }
  | { page: "place"; place: Place; id: string | null; filters: Filters };

/** Links of mails and of the first start: their secret is the fragment, which no server is sent. */
const LINKS = ["setup", "invitation", "reset"] as const;

function isPlace(word: string): word is Place {
  return (PLACES as readonly string[]).includes(word);
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

export function routeOf(path: string, fragment: string): Route {
  const last = path.replace(/\/+$/, "").split("/").at(-1);
  const link = LINKS.find((name) => name === last);
  if (link) return { page: link, token: fragment };
  if (fragment.startsWith("/")) {
    const [where = "", words = ""] = fragment.slice(1).split("?", 2);
    const [place = "", id = ""] = where.split("/", 2);
    if (place === "forgot") return { page: "forgot" };
    if (isPlace(place)) return { page: "place", place, id: id === "" ? null : decoded(id), filters: Object.fromEntries(new URLSearchParams(words)) };
    return { page: "home" };
  }
  const id = new URLSearchParams(fragment).get("session");
  return id ? { page: "session", id } : { page: "home" };
}

/** The fragment of a place, with its `#`. Filters that are empty are left out. */
export function hrefOf(place: Place, id: string | null = null, filters: Readonly<Record<string, string | undefined>> = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) if (value) words.set(name, value);
  const text = words.toString();
  return `#/${place}${id === null ? "" : `/${encodeURIComponent(id)}`}${text === "" ? "" : `?${text}`}`;
}
