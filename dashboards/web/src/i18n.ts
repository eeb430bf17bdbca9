/** Words of the page in English and Chinese. */
import { signal } from "@preact/signals";
import en from "./locales/en.json";
import zh from "./locales/zh.json";

export type Lang = "en" | "zh";
export type Key = keyof typeof en;

const words: Record<Lang, Record<string, string>> = { en, zh };

export const lang = signal<Lang>(document.documentElement.lang === "zh" ? "zh" : "en");

export function setLang(next: Lang): void {
  lang.value = next;
  document.documentElement.lang = next;
  document.title = t("brand.title");
  remember("seamline.lang", next);
}

/** The words for a key, with {name} replaced from `values`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = words[lang.value][key] ?? en[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Words for a value that the server names: its own words if there are some, else the name. */
export function word(group: string, name: string): string {
  const key = `${group}.${name}`;
  return words[lang.value][key] ?? name.replaceAll("_", " ");
}

/** A place `site/line` or `region/warehouse` as a person reads it: "Hangzhou · line-1". */
export function place(key: string): string {
  const [first = "", ...rest] = key.split("/");
  const group = `site.${first}` in en ? "site" : "region";
  return [word(group, first), ...rest.map((part) => word("place", part))].join(" · ");
}

/** Picks the language of texts that the server sends in both. */
export function pick(item: { text: string; text_zh: string }): string {
  return (lang.value === "zh" && item.text_zh) || item.text;
}

/** Stores a choice of this browser; a browser that forbids it only forgets it. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Private windows may forbid storage.
  }
}
