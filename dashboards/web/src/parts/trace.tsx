/** The first minute's button, and the trace of what followed: sensed to executed, with latencies. */
import { useEffect, useRef } from "preact/hooks";
import { live, useTopics } from "../feed/topics";
import type { TraceStage } from "../feed/types.gen";
import { duration } from "../format";
import { pick, place, t, word } from "../i18n";
import { calm } from "../theme";
import { breakMachine, brokenAt, busy } from "./controls";
import { openRow } from "./rows";
import { openStationAt } from "../views/station";

const STAGES: readonly TraceStage["stage"][] = ["sensed", "stored", "replanned", "commanded", "executed"];
/** The server's stamp of a break may be a little before this page's own, if clocks differ. */
const CLOCK_SLACK_MS = 5_000;
/** For so long after the press the page keeps the growing trace in sight. */
const WATCHED_MS = 15_000;

function Stage(props: { name: TraceStage["stage"]; stage: TraceStage | undefined; waiting: boolean }) {
  const { name, stage, waiting } = props;
  return (
    <li class={stage ? "step done" : waiting ? "step next" : "step"} data-testid={`trace-${name}`}>
      <span class="step-dot" aria-hidden="true" />
      <div class="step-main">
        <div class="step-head">
          <b>{word("trace", name)}</b>
          {stage && (
            <span class="latency">
              <b data-testid="latency">{t("trace.after", { time: duration(stage.wall_latency_ms) })}</b>
              <small>{t("trace.plant", { time: duration(stage.plant_latency_ms) })}</small>
            </span>
          )}
        </div>
        {stage && <p>{pick(stage)}</p>}
      </div>
      {stage?.sql && (
        <button type="button" class="link" data-testid={`trace-row-${name}`} onClick={() => openRow(stage.sql, () => t("row.of", { what: word("trace", name) }))}>
          {t("row.open")}
        </button>
      )}
    </li>
  );
}

export function TracePanel() {
  useTopics("trace");
  const trace = live.trace.value.value;
  const first = trace?.stages[0];
  const pressed = brokenAt.value;
  const stale = pressed > 0 && (first === undefined || first.wall_ms < pressed - CLOCK_SLACK_MS);
  const shown = stale ? null : trace;
  const reached = new Map((shown?.stages ?? []).map((stage) => [stage.stage, stage]));
  const calling = pressed === 0 && first === undefined;
  const waiting = STAGES.find((name) => !reached.has(name));
  const box = useRef<HTMLElement>(null);
  const watched = pressed > 0 && Date.now() - pressed < WATCHED_MS;
  useEffect(() => {
    if (watched) box.current?.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }, [pressed, reached.size]);
  return (
    <section class="card" data-testid="trace" ref={box}>
      <header class="card-head">
        <h2>{t("trace.title")}</h2>
        {shown?.station && <button type="button" class="tag alarm" onClick={() => openStationAt(shown.station)}>{place(shown.station)}</button>}
      </header>
      <p class="minor">{t("trace.intro")}</p>
      <button
        type="button"
        class={calling ? "primary pulse" : "primary"}
        data-testid="control-break_machine"
        disabled={busy.value.has("break_machine")}
        onClick={() => breakMachine()}
      >
        {calling ? t("control.break_machine") : t("trace.again")}
      </button>
      {(pressed > 0 || shown !== null) && (
        <ol class="steps" aria-live="polite">
          {STAGES.map((name) => (
            <Stage key={name} name={name} stage={reached.get(name)} waiting={name === waiting} />
          ))}
        </ol>
      )}
    </section>
  );
}
