import { t } from "@kit/i18n/strings.svelte";
import { codeOf } from "@kit/session/code";
import { keptDigits } from "@kit/session/seal";
import { app } from "../app.svelte";
import { tabs } from "./tabs.svelte";

/** Who is in a session, or its code while nobody is. */
export function nameOf(id: string): string {
  const created = app.created.get(id);
  const agent = created?.session.participants.find((participant) => participant.role === "agent");
  const name = tabs.told[id]?.name || agent?.name;
  return name || (created ? codeOf(created.code, keptDigits(created.session.id)) : t("session.tab"));
}
