/** Two makers, one market: siloed on the left, connected on the right, the same days on the same axes. */
import { useMemo } from "preact/hooks";
import { Courses, Figures, GapNow, Strip, seasonOf } from "../parts/duel-charts";
import { Bar, Calendar, Setup, isLive, start } from "../parts/duel-bar";
import { Presets, SwitchTable, Switches } from "../parts/duel-switches";
import { DAY_MS, SIDES, connected, newest, type SideName } from "../duel";
import { live, useTopics } from "../feed/topics";
import type { CompareDay, CompareMark, CompareState } from "../feed/types.gen";
import { monthDay } from "../format";
import { lang, place, t, word } from "../i18n";
import { Empty } from "../parts/drawer";

const FEED = 40;

function Intro(props: { state: CompareState | null }) {
  return (
    <section class="card duel-intro" data-testid="compare-intro">
      <h2>{t("compare.intro.title")}</h2>
      <p>{t("compare.intro.text")}</p>
      <div class="duel-pair" aria-hidden="true">
        <div class="ghost-side"><b>{t("compare.side.left")}</b><span>{t("compare.intro.left")}</span></div>
        <div class="ghost-side"><b>{t("compare.side.right")}</b><span>{t("compare.intro.right")}</span></div>
        <div class="ghost-side wide"><b>{t("compare.strip")}</b><span>{t("compare.intro.strip")}</span></div>
      </div>
      <div class="duel-begin">
        <Setup />
        <button type="button" class="primary" data-testid="compare-start" onClick={() => start(props.state)}>{t("compare.start")}</button>
      </div>
      <p class="minor">{t("compare.intro.note")}</p>
    </section>
  );
}

function Column(props: { side: SideName; state: CompareState; days: readonly CompareDay[]; marks: readonly CompareMark[] }) {
  const { side, state, days } = props;
  const season = useMemo(() => seasonOf(state), [state.start_ms, state.days, state.calendar.length]);
  const links = state[side];
  return (
    <section class="card duel-side" aria-label={word("compare.side", side)} data-testid={`side-${side}`}>
      <header class="card-head">
        <h2>{word("compare.side", side)}</h2>
        <span class="tag" data-testid={`connected-${side}`}>{t("compare.connected", { n: connected(links) })}</span>
        <span class="spring" />
        <Presets side={side} links={links} live={isLive(state)} />
      </header>
      <Switches side={side} links={links} live={isLive(state)} />
      <Courses side={side} days={days} season={season} marks={props.marks} />
    </section>
  );
}

/** What a mark says; names that the world gives (styles, lines) stay as they are. */
function told(mark: CompareMark): string {
  if (mark.kind === "switch") {
    const value = mark.name === "scope" ? word("compare.scope", mark.value) : word("compare.set", mark.value);
    return t("compare.mark.switch", { name: word("compare.switch", mark.name), value });
  }
  const name = mark.name.includes("/") ? place(mark.name) : mark.name;
  return t(`compare.mark.${mark.kind}`, { name: name || t("none"), value: mark.value });
}

function Feed(props: { state: CompareState; marks: readonly [string, CompareMark][] }) {
  const { state } = props;
  const shown = newest(props.marks, FEED);
  return (
    <section class="card duel-feed" aria-label={t("compare.events")}>
      <header class="card-head"><h2>{t("compare.events")}</h2></header>
      {shown.length === 0 && <Empty text={t("compare.events_none")} />}
      <ul class="plain scroll" tabIndex={0} aria-label={t("compare.events")} data-testid="compare-marks">
        {shown.map(([key, mark]) => (
          <li key={key} class={`mark-row kind-${mark.kind}`}>
            <time>{monthDay(state.start_ms + mark.day * DAY_MS)}</time>
            <span class="chip">{word("compare.side", mark.side)}</span>
            <span>{told(mark)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Both sides have met the same customers and breakdowns, and it can be shown. */
function SameWorld(props: { state: CompareState }) {
  const { state } = props;
  if (state.digest_left === "") return null;
  const same = state.digest_left === state.digest_right;
  return (
    <p class={same ? "minor same" : "empty bad"} data-testid="compare-digest" data-same={same}>
      {t(same ? "compare.same" : "compare.not_same", { seed: state.seed, digest: state.digest_left.slice(0, 12) })}
    </p>
  );
}

function Running(props: { state: CompareState }) {
  const { state } = props;
  const version = live.compare_days.version.value;
  const days = useMemo(() => live.compare_days.entries().map(([, day]) => day).sort((a, b) => a.day - b.day), [version]);
  const markVersion = live.compare_marks.version.value;
  const entries = useMemo(() => live.compare_marks.entries(), [markVersion]);
  const marks = useMemo(() => entries.map(([, mark]) => mark), [entries]);
  const season = useMemo(() => seasonOf(state), [state.start_ms, state.days, state.calendar.length]);
  return (
    <>
      <section class="card duel-head" aria-label={t("compare.controls")}>
        <Bar state={state}><GapNow last={days.at(-1)} /></Bar>
        <Calendar state={state} />
      </section>
      <div class="duel">
        <div class="duel-sides">
          {SIDES.map((side) => <Column key={side} side={side} state={state} days={days} marks={marks} />)}
        </div>
        <Strip days={days} season={season} marks={marks} />
        <div class="split even">
          <section class="card" aria-label={t("compare.figures")}>
            <header class="card-head"><h2>{t("compare.figures")}</h2></header>
            <Figures last={days.at(-1)} />
            <SameWorld state={state} />
          </section>
          <Feed state={state} marks={entries} />
        </div>
      </div>
    </>
  );
}

export function CompareView() {
  useTopics("compare", "compare_days", "compare_marks");
  const state = live.compare.value.value;
  const begun = state !== null && state.run > 0;
  return (
    <>
      <h1>{t("nav.compare")}</h1>
      {state?.state === "failed" && <Empty bad text={(lang.value === "zh" && state.error_zh) || state.error} />}
      {begun ? <Running state={state} /> : <Intro state={state} />}
      <details class="card data" open={!begun} data-testid="compare-legend">
        <summary>{t("compare.legend")}</summary>
        <SwitchTable />
      </details>
    </>
  );
}
