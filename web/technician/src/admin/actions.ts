import { t, tryText } from "@kit/i18n/strings.svelte";
import type { AuditEntry } from "@kit/api/model";

/** Those that people look for. Others appear in the log as well, by their own name. */
export const ACTIONS = [
  "sign_in",
  "sign_out",
  "lock",
  "session_create",
  "colleague_invite",
  "colleague_join",
  "colleague_leave",
  "hand_over",
  "join",
  "consent",
  "restart",
  "session_end",
  "session_limit",
  "invite",
  "invitation_accept",
  "person_change",
  "person_remove",
  "person_reset",
  "person_remove_methods",
  "person_sign_out",
  "group_add",
  "group_change",
  "group_remove",
  "organisation_change",
  "domain_check",
  "domain_withdrawn",
  "method_add",
  "method_remove",
  "recovery_codes",
  "password_change",
  "password_reset",
  "api_key_create",
  "api_key_revoke",
  "delete_request",
  "delete_done",
  "data_export",
  "retention",
  "retention_change",
  "alerts_change",
  "keys_rotate",
  "reply_add",
  "reply_change",
  "reply_remove",
  "session_note",
  "chat_read",
  "set_up",
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
