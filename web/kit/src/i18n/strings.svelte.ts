import de from "@strings/de.json";
import en from "@strings/en.json";

export type Language = "en" | "de";
export const LANGUAGES: readonly { id: Language; name: string }[] = [
  { id: "en", name: "English" },
  { id: "de", name: "Deutsch" },
];
/** Every text of the pages. */
export type TextKey = Extract<keyof typeof en, `web.${string}`> extends `web.${infer Key}` ? Key : never;

const KEPT = "farhand.language";
const tables: Record<Language, Readonly<Record<string, string>>> = { en, de };

function isLanguage(value: string | null | undefined): value is Language {
  return value === "en" || value === "de";
}

function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (isLanguage(kept)) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? "en";
}

class Texts {
  language = $state<Language>(preferred());

  choose(language: Language): void {
    this.language = language;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
  }
}

export const texts = new Texts();
document.documentElement.lang = texts.language;

function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** The text for a key in the language chosen, with `{names}` filled in. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  const full = `web.${key}`;
  return fill(tables[texts.language][full] ?? tables.en[full] ?? full, values);
}

/** The text for a key that may not exist, such as the one for a code of the service. */
export function tryText(key: string): string | null {
  const full = `web.${key}`;
  return tables[texts.language][full] ?? tables.en[full] ?? null;
}

/** A sentence for an error of the service: ours by its code, or else its own. */
export function problemText(problem: { code: string; message: string }): string {
  return tryText(`problem.${problem.code}`) ?? problem.message;
}
