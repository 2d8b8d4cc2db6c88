import { fixed } from "@kit/i18n/formats";
import { t } from "@kit/i18n/strings.svelte";
import type { Known } from "@kit/session/state";

export interface Figure {
  id: "round_trip" | "frames" | "rate" | "codec" | "loss";
  label: string;
  value: string;
}

export function bits(rate: number): string {
  if (rate >= 1e6) return t("quality.megabits", { rate: fixed(rate / 1e6, 1) });
  return t("quality.kilobits", { rate: Math.round(rate / 1e3) });
}

/** What the picture comes to, for people. */
export function figures({ rttMs, quality, exact }: Pick<Known, "rttMs" | "quality" | "exact">): Figure[] {
  const nothing = "–";
  const codec = quality?.codec ?? null;
  const coded = codec === "h264" ? "H.264" : codec === "av1" ? "AV1" : t("quality.exact");
  return [
    { id: "round_trip", label: t("quality.round_trip"), value: rttMs === null ? nothing : `${rttMs < 10 ? fixed(rttMs, 1) : Math.round(rttMs)} ms` },
    { id: "frames", label: t("quality.frames"), value: quality ? fixed(quality.frames, quality.frames < 10 ? 1 : 0) : nothing },
    { id: "rate", label: t("quality.rate"), value: quality ? bits(quality.rate) : nothing },
    { id: "codec", label: t("quality.codec"), value: exact && codec === null ? t("quality.exact_all") : coded },
    { id: "loss", label: t("quality.loss"), value: quality ? `${fixed(quality.loss, 1)} %` : nothing },
  ];
}
