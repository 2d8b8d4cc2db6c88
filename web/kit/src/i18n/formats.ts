import { t, texts, type TextKey } from "./strings.svelte";

const locale = (): string => (texts.language === "de" ? "de-DE" : "en-GB");
const kept = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat | Intl.ListFormat | Intl.PluralRules>();

/** Making one costs more than using it a thousand times. */
function once<F extends Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat | Intl.ListFormat | Intl.PluralRules>(
  name: string,
  make: (locale: string) => F,
): F {
  const key = `${locale()} ${name}`;
  const found = kept.get(key) as F | undefined;
  if (found) return found;
  const made = make(locale());
  kept.set(key, made);
  return made;
}

/** The latest moment that a date can hold, milliseconds since 1970. */
const LAST_MOMENT = 8.64e15;

/** `21 Nov 2026, 14:05`, from milliseconds since 1970, in the reader's time zone. A dash for what is no moment. */
export function dateTime(ms: number): string {
  if (!(Math.abs(ms) <= LAST_MOMENT)) return "–";
  return once("date time", (l) => new Intl.DateTimeFormat(l, { dateStyle: "medium", timeStyle: "short" })).format(ms);
}

/** With seconds, where the order of things matters. */
export function exactTime(ms: number): string {
  return once("exact", (l) => new Intl.DateTimeFormat(l, { dateStyle: "medium", timeStyle: "medium" })).format(ms);
}

/** `14:05` */
export function timeOfDay(ms: number): string {
  return once("time", (l) => new Intl.DateTimeFormat(l, { timeStyle: "short" })).format(ms);
}

/** `21 Nov 2026` */
export function date(ms: number): string {
  return once("date", (l) => new Intl.DateTimeFormat(l, { dateStyle: "medium" })).format(ms);
}

/** `21 Nov`, for a day such as `2026-11-21`, whatever the reader's time zone. */
export function shortDay(day: string): string {
  return once("short day", (l) => new Intl.DateTimeFormat(l, { day: "numeric", month: "short", timeZone: "UTC" })).format(Date.parse(`${day}T00:00:00Z`));
}

export function number(value: number): string {
  return once("number", (l) => new Intl.NumberFormat(l)).format(value);
}

/** With so many digits behind the point, also where they are noughts: for figures that change as one looks. */
export function fixed(value: number, digits: number): string {
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return once(`fixed ${digits}`, (l) => new Intl.NumberFormat(l, style)).format(value);
}

/** `512 bytes`, `1.5 MB`: a size that people compare. */
export function bytes(size: number): string {
  const [unit, of] = size < 1_000 ? (["byte", 1] as const) : size < 1_000_000 ? (["kilobyte", 1_000] as const) : size < 1e9 ? (["megabyte", 1e6] as const) : (["gigabyte", 1e9] as const);
  const style = { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: size < 1_000_000 ? 0 : 1 } as const;
  return once(`bytes ${unit}`, (l) => new Intl.NumberFormat(l, style)).format(size / of);
}

/** `a, b and c` */
export function list(items: readonly string[]): string {
  return once("list", (l) => new Intl.ListFormat(l, { type: "conjunction" })).format(items);
}

/** `3 days ago`, `in 5 minutes`. */
export function relative(ms: number, now: number): string {
  const seconds = Math.round((ms - now) / 1000);
  const format = once("relative", (l) => new Intl.RelativeTimeFormat(l, { numeric: "auto" }));
  const steps: readonly [number, Intl.RelativeTimeFormatUnit][] = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ];
  for (const [size, unit] of steps) if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return format.format(seconds > 0 ? 1 : 0, "minute");
}

/** `1 h 5 min`, `12 min`, `40 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return t("span.seconds", { seconds });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t("span.minutes", { minutes });
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? t("span.hours", { hours }) : t("span.hours_minutes", { hours, minutes: minutes % 60 });
}

type Base<K extends string> = K extends `${infer B}_other` ? (`${B}_one` extends TextKey ? B : never) : never;
/** Keys that have a text for one thing and one for others. */
type Counted = Base<TextKey>;

/** The text for a number of things: `KEY_one` or `KEY_other`, with `{count}` filled in. */
export function counted(key: Counted, count: number, values: Readonly<Record<string, string | number>> = {}): string {
  const rule = once("plural", (l) => new Intl.PluralRules(l)).select(count) === "one" ? "one" : "other";
  return t(`${key}_${rule}` as TextKey, { count: number(count), ...values });
}
