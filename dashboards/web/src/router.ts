/** Which view is shown: the path of the address, so that links and the back button work. */
import { signal } from "@preact/signals";

export const VIEWS = ["floor", "orders", "plan", "forecast", "kpis", "compare", "devices", "log", "sql"] as const;
export type ViewName = (typeof VIEWS)[number];

function fromLocation(): ViewName {
  const name = location.pathname.replaceAll("/", "");
  return (VIEWS as readonly string[]).includes(name) ? (name as ViewName) : "floor";
}

export const view = signal<ViewName>(fromLocation());

export const hrefOf = (name: ViewName): string => (name === "floor" ? "/" : `/${name}`);

export function go(name: ViewName): void {
  if (view.value === name) return;
  history.pushState(null, "", hrefOf(name));
  view.value = name;
  scrollTo(0, 0);
}

export function startRouter(): void {
  // A one-time token must not stay in the address bar, nor in what is copied from it.
  if (location.search.includes("token=")) history.replaceState(null, "", location.pathname);
  addEventListener("popstate", () => (view.value = fromLocation()));
}
