import ChartColumn from "@lucide/svelte/icons/chart-column";
import Building from "@lucide/svelte/icons/building-2";
import Database from "@lucide/svelte/icons/database";
import Headset from "@lucide/svelte/icons/headset";
import History from "@lucide/svelte/icons/history";
import MessageSquareText from "@lucide/svelte/icons/message-square-text";
import KeyRound from "@lucide/svelte/icons/key-round";
import ScrollText from "@lucide/svelte/icons/scroll-text";
import ShieldCheck from "@lucide/svelte/icons/shield-check";
import Users from "@lucide/svelte/icons/users";
import type { UserRole } from "@kit/api/model";
import type { Place } from "../router";

export interface Entry {
  /** Null is the place where one starts. */
  place: Place | null;
  icon: typeof Users;
  who: readonly UserRole[];
}

const EVERYBODY: readonly UserRole[] = ["administrator", "technician"];
const ADMINISTRATORS: readonly UserRole[] = ["administrator"];

export const NAVIGATION: readonly { group: "support" | "organisation" | "insight"; entries: readonly Entry[] }[] = [
  {
    group: "support",
    entries: [
      { place: null, icon: Headset, who: EVERYBODY },
      { place: "sessions", icon: History, who: EVERYBODY },
    ],
  },
  {
    group: "organisation",
    entries: [
      { place: "people", icon: Users, who: ADMINISTRATORS },
      { place: "groups", icon: ShieldCheck, who: ADMINISTRATORS },
      { place: "organisation", icon: Building, who: ADMINISTRATORS },
      { place: "replies", icon: MessageSquareText, who: EVERYBODY },
      { place: "keys", icon: KeyRound, who: ADMINISTRATORS },
    ],
  },
  {
    group: "insight",
    entries: [
      { place: "reports", icon: ChartColumn, who: ADMINISTRATORS },
      { place: "audit", icon: ScrollText, who: ADMINISTRATORS },
      { place: "data", icon: Database, who: ADMINISTRATORS },
    ],
  },
];

/** Whether a page has something for this role. The service decides by itself; this is so that nobody is led astray. */
export function mayOpen(place: Place, role: UserRole): boolean {
  const entry = NAVIGATION.flatMap(({ entries }) => entries).find((one) => one.place === place);
  return entry?.who.includes(role) ?? true;
}
