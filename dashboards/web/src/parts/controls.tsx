/** What a person can do to the run. Every action is a command; its result is shown. */
import { signal } from "@preact/signals";
import { ApiError, commandStatus, control } from "../api";
import { live } from "../feed/topics";
import type { CommandStatus, ControlRequest } from "../feed/types.gen";
import { t, word } from "../i18n";
import { go, view } from "../router";
import { say } from "./toast";

export const SPEEDS = [1, 10, 60, 300, 1800] as const;
const PENDING = new Set(["sent", "issued", "pending", ""]);
const POLL_MS = 400;
const POLLS = 20;

type ControlName = ControlRequest["name"];

export const busy = signal<ReadonlySet<ControlName>>(new Set());
/** Wall time at which a machine was last broken from this page; 0 = not yet. */
export const brokenAt = signal(0);

function setBusy(name: ControlName, on: boolean): void {
  const next = new Set(busy.value);
  if (on) next.add(name);
  else next.delete(name);
  busy.value = next;
}

/** The state of a command; null while its row is not committed yet. */
async function known(id: string): Promise<CommandStatus | null> {
  try {
    return await commandStatus(id);
  } catch (problem) {
    if (problem instanceof ApiError && problem.status === 404) return null;
    throw problem;
  }
}

async function outcome(id: string): Promise<{ status: string; reason: string }> {
  for (let poll = 0; poll < POLLS; poll += 1) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const found = await known(id);
    if (found !== null && !PENDING.has(found.status)) return found;
  }
  return { status: "sent", reason: "" };
}

/** What these two set off is told on the floor; another view gets a link to it. */
function wayTo(name: ControlName): { text: string; go: () => void } | undefined {
  const told = name === "break_machine" || name === "rush_order";
  return told && view.value !== "floor" ? { text: t("control.watch"), go: () => go("floor") } : undefined;
}

/** Sends a control and tells what became of it. */
export async function act(name: ControlName, args: Record<string, unknown> = {}): Promise<void> {
  if (busy.value.has(name)) return;
  const what = name === "speed" ? `${word("control", name)} ×${String(args["factor"])}` : word("control", name);
  const note = say("wait", t("control.sent", { what }));
  setBusy(name, true);
  try {
    const { command_id } = await control({ name, args });
    const { status, reason } = await outcome(command_id);
    const good = status === "done" || status === "seen" || status === "sent";
    const key = good ? (status === "sent" ? "control.waiting" : "control.done") : "control.refused";
    say(good ? "ok" : "bad", t(key, { what, reason }), note, good ? wayTo(name) : undefined);
  } catch (problem) {
    say("bad", t("control.failed", { what, reason: (problem as Error).message }), note);
  } finally {
    setBusy(name, false);
  }
}

export function breakMachine(station = ""): void {
  brokenAt.value = Date.now();
  void act("break_machine", { station });
}

function Action(props: { name: ControlName; args?: Record<string, unknown>; hint: string }) {
  return (
    <button
      type="button"
      title={props.hint}
      disabled={busy.value.has(props.name)}
      data-testid={`control-${props.name}`}
      onClick={() => void act(props.name, props.args)}
    >
      {word("control", props.name)}
    </button>
  );
}

export function Controls() {
  const clock = live.clock.value.value;
  const paused = clock?.state === "paused";
  return (
    <div class="controls" role="group" aria-label={t("control.group")}>
      <button
        type="button"
        class="pause"
        data-testid="control-pause"
        aria-pressed={paused}
        disabled={clock === null || busy.value.has("pause") || busy.value.has("resume")}
        onClick={() => void act(paused ? "resume" : "pause")}
      >
        <span aria-hidden="true">{paused ? "▶" : "❚❚"}</span> {word("control", paused ? "resume" : "pause")}
      </button>
      <div class="segments" role="group" aria-label={t("control.speed_group")}>
        {SPEEDS.map((factor) => (
          <button
            key={factor}
            type="button"
            data-testid={`speed-${factor}`}
            aria-pressed={clock?.speed === factor}
            onClick={() => void act("speed", { factor, for_s: 0 })}
          >
            ×{factor}
          </button>
        ))}
      </div>
      <Action name="next_morning" hint={t("control.next_morning.hint")} />
      <span class="spring" />
      <Action name="rush_order" args={{ style: "", pieces: 120 }} hint={t("control.rush_order.hint")} />
      <Action name="burst" args={{ region: "", style: "", minutes: 120, factor: 6 }} hint={t("control.burst.hint")} />
      <button
        type="button"
        title={t("control.break_machine.hint")}
        disabled={busy.value.has("break_machine")}
        data-testid="control-break_machine-header"
        onClick={() => breakMachine()}
      >
        {t("control.break_machine")}
      </button>
    </div>
  );
}
