import { t } from "@kit/i18n/strings.svelte";
import type { PasswordRule } from "@kit/api/model";

/** Characters, as people count them. */
const SHORTEST: Record<PasswordRule, number> = { standard: 8, nist: 8 };

/** What a person is told before they choose. */
export function passwordHint(rule: PasswordRule): string {
  return rule === "nist" ? t("password.hint_nist") : t("password.hint_standard");
}

/** Why a password cannot do, as far as a page can know; the service looks closer. Null where it may do. */
export function passwordTrouble(rule: PasswordRule, password: string): string | null {
  const characters = [...password].length;
  if (characters < SHORTEST[rule]) return passwordHint(rule);
  if (rule === "standard" && (!/\p{L}/u.test(password) || !/\p{N}/u.test(password))) return passwordHint(rule);
  return null;
}
