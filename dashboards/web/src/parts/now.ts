/** Wall time of this browser as a signal, once a second, for ages. */
import { signal } from "@preact/signals";

export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 1_000);
