/** Light and dark: the system's choice until the reader makes one. */
import { signal } from "@preact/signals";
import { remember } from "./i18n";

export type Theme = "light" | "dark";

export const theme = signal<Theme>(document.documentElement.dataset["theme"] === "dark" ? "dark" : "light");

function apply(next: Theme): void {
  // The variables must be in place before charts read them, so the attribute comes first.
  document.documentElement.dataset["theme"] = next;
  theme.value = next;
}

export function toggleTheme(): void {
  const next = theme.value === "dark" ? "light" : "dark";
  apply(next);
  remember("seamline.theme", next);
}

export function followSystem(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
    let chosen: string | null = null;
    try {
      chosen = localStorage.getItem("seamline.theme");
    } catch {
      // Without storage there is no choice to respect.
    }
    if (chosen === null) apply(event.matches ? "dark" : "light");
  });
}

/** Value of a CSS variable in the present theme, for canvases. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
