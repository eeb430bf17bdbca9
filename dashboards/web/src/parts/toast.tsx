/** Short messages at the edge of the page: what became of an action. */
import { signal } from "@preact/signals";
import { t } from "../i18n";

type Tone = "ok" | "wait" | "bad";
/** Leads to where the action can be watched. */
type Way = { text: string; go: () => void };
type Note = { id: number; tone: Tone; text: string; way: Way | undefined };

const notes = signal<readonly Note[]>([]);
let next = 1;

/** Shows a message, or changes the one with this id; errors stay longer. */
export function say(tone: Tone, text: string, id = next++, way?: Way): number {
  const note = { id, tone, text, way };
  const others = notes.value.filter((other) => other.id !== id);
  notes.value = [...others, note].slice(-4);
  setTimeout(() => hide(note), tone === "bad" ? 12_000 : 5_000);
  return id;
}

function hide(note: Note): void {
  notes.value = notes.value.filter((other) => other !== note);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite" data-testid="toasts">
      {notes.value.map((note) => (
        <div key={note.id} class={`toast ${note.tone}`}>
          <span class="toast-mark" aria-hidden="true">{note.tone === "bad" ? "▲" : note.tone === "ok" ? "✓" : "…"}</span>
          <span>{note.text}</span>
          {note.way && <button type="button" class="link" onClick={note.way.go}>{note.way.text}</button>}
          <button type="button" class="ghost" aria-label={t("close")} onClick={() => hide(note)}>×</button>
        </div>
      ))}
    </div>
  );
}
