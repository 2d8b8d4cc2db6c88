export type Theme = "system" | "light" | "dark";

const KEPT = "farhand.theme";
const ORDER: readonly Theme[] = ["system", "light", "dark"];

class ThemeChoice {
  theme = $state<Theme>("system");

  constructor() {
    const kept = localStorage.getItem(KEPT);
    this.#apply(kept === "light" || kept === "dark" ? kept : "system");
  }

  next(): void {
    this.#apply(ORDER[(ORDER.indexOf(this.theme) + 1) % ORDER.length] ?? "system");
    localStorage.setItem(KEPT, this.theme);
  }

  #apply(theme: Theme): void {
    this.theme = theme;
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }
}

export const theme = new ThemeChoice();
