/** A drawer at the right: details of one thing, while the page behind goes on living. */
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";

type Content = { key: string; title: () => string; body: () => JSX.Element };

const content = signal<Content | null>(null);
let opener: Element | null = null;

export function openDrawer(key: string, title: () => string, body: () => JSX.Element): void {
  if (content.value === null) opener = document.activeElement;
  content.value = { key, title, body };
}

export function closeDrawer(): void {
  content.value = null;
  if (opener instanceof HTMLElement || opener instanceof SVGElement) opener.focus();
  opener = null;
}

export function Drawer() {
  const shown = content.value;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown === null) return;
    box.current?.focus();
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && closeDrawer();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [shown?.key]);
  if (shown === null) return null;
  return (
    <div class="drawer" role="dialog" aria-label={shown.title()} tabIndex={-1} ref={box} data-testid="drawer">
      <div class="drawer-head">
        <h2>{shown.title()}</h2>
        <button type="button" class="ghost big" aria-label={t("close")} onClick={closeDrawer}>×</button>
      </div>
      <div class="drawer-body" key={shown.key}>{shown.body()}</div>
    </div>
  );
}

/** A titled block inside a drawer or card. */
export function Block(props: { title: string; children: ComponentChildren }) {
  return (
    <section class="block">
      <h3>{props.title}</h3>
      {props.children}
    </section>
  );
}

/** Pairs of name and value. */
export function Facts(props: { items: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {props.items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** An empty or failed place, in words. */
export function Empty(props: { text: string; bad?: boolean }) {
  return <p class={props.bad ? "empty bad" : "empty"}>{props.text}</p>;
}
