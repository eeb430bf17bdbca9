// Runs before the first paint: sets theme and language so that nothing flashes.
(() => {
  const root = document.documentElement;
  let theme: string | null = null;
  let lang: string | null = null;
  try {
    theme = localStorage.getItem("seamline.theme");
    lang = localStorage.getItem("seamline.lang");
  } catch {
    // Storage may be forbidden; the system's choice is used then.
  }
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset["theme"] = dark ? "dark" : "light";
  root.lang = lang ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
})();
