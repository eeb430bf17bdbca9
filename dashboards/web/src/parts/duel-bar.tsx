/** Setting up, starting and pacing the comparison, and the season's calendar. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { compare } from "../api";
import { DAY_MS, OFF, ON, monthStarts } from "../duel";
import type { CompareStart, CompareState } from "../feed/types.gen";
import { longDay, month, number } from "../format";
import { t, word } from "../i18n";
import { say } from "./toast";

export const SPEEDS = [0.5, 1, 2, 5, 10] as const;
const LENGTHS = [90, 120, 180, 365] as const;
const MOST_SEED = 2_147_483_647;

const alive = (state: CompareState | null): boolean => state !== null && ["starting", "running", "paused"].includes(state.state);
export { alive as isLive };

type Wish = { seed: number; capacity: "slack" | "tight"; days: number; speed: number };
const wish = signal<Wish>({ seed: 1, capacity: "tight", days: 180, speed: 2 });
const busy = signal(false);

async function ask(what: Promise<CompareState>): Promise<void> {
  busy.value = true;
  try {
    await what;
  } catch (problem) {
    say("bad", (problem as Error).message);
  } finally {
    busy.value = false;
  }
}

/** Begins anew: with the switches as they stand, or at first with nothing on the left and all on the right. */
export function start(state: CompareState | null): void {
  const again = state !== null && state.run > 0;
  const { seed, capacity, days, speed } = wish.value;
  const links = { left: again ? state.left : OFF, right: again ? state.right : ON };
  void ask(compare.start({ seed, capacity, days, days_per_s: speed, ...links } satisfies CompareStart));
}

export function Setup() {
  const set = (change: Partial<Wish>) => (wish.value = { ...wish.value, ...change });
  return (
    <div class="duel-setup">
      <label>
        {t("compare.seed")}{" "}
        <input
          type="number" min={0} max={MOST_SEED} step={1} value={wish.value.seed} data-testid="compare-seed"
          onChange={(event) => set({ seed: Math.min(MOST_SEED, Math.max(0, Math.round(Number(event.currentTarget.value) || 0))) })}
        />
      </label>
      <label>
        {t("compare.capacity")}{" "}
        <select value={wish.value.capacity} data-testid="compare-capacity" onChange={(event) => set({ capacity: event.currentTarget.value as Wish["capacity"] })}>
          <option value="tight">{t("compare.capacity.tight")}</option>
          <option value="slack">{t("compare.capacity.slack")}</option>
        </select>
      </label>
      <label>
        {t("compare.length")}{" "}
        <select value={wish.value.days} data-testid="compare-length" onChange={(event) => set({ days: Number(event.currentTarget.value) })}>
          {LENGTHS.map((days) => <option key={days} value={days}>{t("compare.n_days", { n: days })}</option>)}
        </select>
      </label>
    </div>
  );
}

function Speeds(props: { state: CompareState }) {
  const { state } = props;
  const choose = (speed: number) => {
    wish.value = { ...wish.value, speed };
    void ask(compare.pace({ days_per_s: speed }));
  };
  return (
    <div class="segments" role="group" aria-label={t("compare.speed")}>
      {SPEEDS.map((speed) => (
        <button key={speed} type="button" disabled={!alive(state)} aria-pressed={state.days_per_s === speed} data-testid={`compare-speed-${speed}`} onClick={() => choose(speed)}>
          {number(speed, speed < 1 ? 1 : 0)}
        </button>
      ))}
    </div>
  );
}

export function Bar(props: { state: CompareState; children: ComponentChildren }) {
  const { state } = props;
  const paused = state.state === "paused";
  return (
    <div class="duel-bar">
      <button
        type="button" class="pause" disabled={!alive(state) || busy.value} aria-pressed={paused} data-testid="compare-pause"
        onClick={() => void ask(compare.pace({ paused: !paused }))}
      >
        <span aria-hidden="true">{paused ? "▶" : "❚❚"}</span> {t(paused ? "control.resume" : "control.pause")}
      </button>
      <button type="button" disabled={!alive(state) || busy.value} data-testid="compare-stop" onClick={() => void ask(compare.stop())}><span aria-hidden="true">■</span> {t("compare.stop")}</button>
      <span class="duel-speed"><Speeds state={state} /> <span class="minor">{t("compare.speed_unit")}</span></span>
      {props.children}
      <span class="spring" />
      <Setup />
      <button type="button" class="primary" disabled={busy.value} title={t("compare.restart.hint")} data-testid="compare-restart" onClick={() => start(state)}>{t("compare.restart")}</button>
    </div>
  );
}

/** Where the season stands: date, day, months, and the days that everybody waits for. */
export function Calendar(props: { state: CompareState }) {
  const { state } = props;
  const at = (day: number): string => `${(100 * day) / state.days}%`;
  const begun = state.start_ms > 0;
  const spans = state.calendar.filter((span) => span.last >= 0 && span.first < state.days);
  const warmup = state.calendar.find((span) => span.name === "warmup");
  return (
    <div class="duel-season">
      <div class="duel-clock" data-testid="compare-clock">
        <b>{begun ? longDay(state.start_ms + Math.max(0, state.day - 1) * DAY_MS) : t("compare.building")}</b>
        <span class="minor">{t("compare.day_of", { day: state.day, days: state.days })}</span>
        <span class={`pill ${state.state}`} data-testid="compare-state" data-state={state.state}>{word("compare.state", state.state)}</span>
        {warmup !== undefined && state.day <= warmup.last && <span class="minor">{t("compare.warming", { n: warmup.last + 1 })}</span>}
        {state.reached_days_per_s !== null && state.reached_days_per_s < 0.8 * state.days_per_s && (
          <span class="minor" data-testid="compare-slow">{t("compare.reached", { n: number(state.reached_days_per_s, 1) })}</span>
        )}
      </div>
      <div class="season-bar" role="progressbar" aria-label={t("compare.season")} aria-valuemin={0} aria-valuemax={state.days} aria-valuenow={state.day}>
        <span class="season-done" style={{ width: at(state.day) }} />
        {begun && monthStarts(state.start_ms, state.days, state.days > 200 ? 2 : 1).map((day) => (
          <span key={day} class="season-month" style={{ left: at(day) }}>{month(state.start_ms + day * DAY_MS)}</span>
        ))}
        {spans.map((span) => (
          <span
            key={`${span.name}${span.first}`} class={`season-span ${span.name}`}
            style={{ left: at(Math.max(0, span.first)), width: at(Math.min(state.days, span.last + 1) - Math.max(0, span.first)) }}
            title={word("compare.span", span.name)}
          >
            <i>{word("compare.span", span.name)}</i>
          </span>
        ))}
      </div>
    </div>
  );
}
