// The tools beside the picture, in the order in which people see them.
import type { Session } from "@kit/session/session.svelte";
import type { Right } from "@kit/types";
import type { Component } from "svelte";

export interface Tool {
  id: string;
  /** Key of its name in the strings. */
  label: string;
  icon: Component<{ size?: number }>;
  panel: Component<{ session: Session }>;
  /** What the customer must have allowed before it can do anything; the panel itself asks for it. */
  right?: Right;
  /** How much is new in it, for a mark at its button. */
  news?: (session: Session) => number;
}

export const TOOLS: readonly Tool[] = [];
