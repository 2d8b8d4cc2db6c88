import { t, tryText } from "@kit/i18n/strings.svelte";
import type { AuditEntry } from "@kit/api/model";

/** Those that people look for. Others appear in the log as well, by their own name. */
export const ACTIONS = [
  "sign_in",
  "sign_out",
  "session_create",
  "join",
  "consent",
] as const;

/** What was done, in words; what this page has no words for, by its own name. */
export function actionText(action: string): string {
  return tryText(`audit.action_${action}`) ?? action.replaceAll("_", " ");
}

export function outcomeText(outcome: string): string {
  return tryText(`audit.outcome_${outcome}`) ?? outcome.replaceAll("_", " ");
}

/** Who it was. */
export function actorText({ actor, actor_name }: AuditEntry): string {
  if (actor_name) return actor.startsWith("key:") ? t("audit.key_named", { name: actor_name }) : actor_name;
  const [kind = "", id = ""] = actor.split(":", 2);
  return tryText(`audit.actor_${kind}`) ?? (id || actor);
}
