import { t } from "@kit/i18n/strings.svelte";
import { codeOf } from "@kit/session/code";
import { keptDigits } from "@kit/session/seal";
import { agentOf, type Known } from "@kit/session/state";
import type { SessionCreated } from "@kit/types";
import { app } from "../app.svelte";
import { notices } from "../notices.svelte";
import { calls } from "./calls.svelte";

/** While nobody looks and the person wants to be told, the sessions are read this often. */
const HIDDEN_MS = 15_000;

/** The customer of a session that waited is there. */
export function tellCustomer(id: string, created: SessionCreated | null, known: Known | null): void {
  const agent = known ? agentOf(known) : created?.session.participants.find(({ role }) => role === "agent");
  const title = agent?.name ? t("notify.customer_named", { name: agent.name }) : t("notify.customer");
  const code = created ? codeOf(created.code, keptDigits(id)) : "";
  notices.tell(`came-${id}`, title, t("notify.customer_text", { code }), `#${new URLSearchParams({ session: id }).toString()}`);
}

/** Looks for colleagues who call and customers who come, until the returned function is called. */
export function watchNews(): () => void {
  notices.start();
  const stop = calls.watch();
  let waiting = new Set<string>();
  const read = async (): Promise<void> => {
    await app.readSessions();
    const open = app.open ?? [];
    for (const created of open) if (waiting.has(created.session.id) && created.session.state !== "waiting") tellCustomer(created.session.id, created, null);
    waiting = new Set(open.filter(({ session }) => session.state === "waiting").map(({ session }) => session.id));
  };
  const timer = setInterval(() => {
    if (notices.standing === "on" && document.visibilityState === "hidden") void read().catch(() => undefined);
  }, HIDDEN_MS);
  return () => {
    clearInterval(timer);
    stop();
  };
}
