import { t, type TextKey } from "@kit/i18n/strings.svelte";
import type { Stage } from "@kit/session/state";
import type { EndReason, Hold, LeftWhy, Rights } from "@kit/types";

/** "to see the screen", "to control the computer": what is being asked for. */
export function askedFor(rights: Rights): string {
  return t(rights.includes("control") ? "asking.control" : "asking.view");
}

export function holdText(holds: readonly Hold[]): { title: string; text: string } {
  if (holds.includes("customer")) return { title: t("held.customer"), text: t("held.customer_text") };
  if (holds.includes("desktop_locked")) return { title: t("held.desktop_locked"), text: t("held.desktop_locked_text") };
  return { title: t("held.link_lost"), text: t("held.link_lost_text") };
}

export function endedText(reason: EndReason, timedOut: boolean): { title: string; text: string } {
  const name = reason === "refused" && timedOut ? "timed_out" : reason;
  return { title: t(`ended.${name}` satisfies TextKey), text: t(`ended.${name}_text` satisfies TextKey) };
}

export function leftText(why: LeftWhy): { title: string; text: string } {
  return { title: t(`left.${why}` satisfies TextKey), text: t(`left.${why}_text` satisfies TextKey) };
}

/** One sentence on where the session stands, for those who hear the page. */
export function stageText(stage: Stage): string {
  switch (stage.stage) {
    case "connecting":
      return t("common.connecting");
    case "waiting":
      return t("waiting.title");
    case "joining":
      return t("joining.title");
    case "ready":
      return t("ready.title");
    case "asking":
      return askedFor(stage.rights);
    case "live":
      return t(stage.control ? "consent.control" : "consent.view");
    case "held":
      return holdText(stage.holds).title;
    case "restarting":
      return t("restart.waiting");
    case "lost":
      return t(stage.who === "us" ? "lost.us" : "lost.them");
    case "wrong_code":
      return t("wrong_code.title");
    case "let_in":
      return t("let_in.title");
    case "left":
      return leftText(stage.why).title;
    case "ended":
      return endedText(stage.reason, stage.consent === "timed_out").title;
    case "failed":
      return t("failed.title");
  }
}
