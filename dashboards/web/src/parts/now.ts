/** Wall time of this browser as a signal, once a second, for ages; and the beat of alarms. */
import { signal } from "@preact/signals";
import { calm } from "../theme";

const BEAT_MS = 600;

export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 1_000);

/** Alarms blink by an attribute of the page, not by an animation: it costs two redraws a beat. */
setInterval(() => {
  const root = document.documentElement;
  const lit = root.dataset["beat"] === "1" || document.hidden || calm();
  root.dataset["beat"] = lit ? "0" : "1";
}, BEAT_MS);
