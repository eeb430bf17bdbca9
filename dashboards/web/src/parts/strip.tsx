/** The life of the newest rush order, step by step, with the reason for its plant and line. */
import { live, useTopics } from "../feed/topics";
import type { StripStage } from "../feed/types.gen";
import { dayTime } from "../format";
import { pick, t, word } from "../i18n";
import { act, busy } from "./controls";
import { openRow } from "./rows";
import { openOrder } from "../views/order";

const STAGES: readonly StripStage["stage"][] = ["order", "plant", "line", "command", "piece", "row"];

function Step(props: { name: StripStage["stage"]; stage: StripStage | undefined; next: boolean }) {
  const { name, stage, next } = props;
  return (
    <li class={stage ? "step done" : next ? "step next" : "step"} data-testid={`strip-${name}`}>
      <span class="step-dot" aria-hidden="true" />
      <div class="step-main">
        <div class="step-head">
          <b>{word("strip", name)}</b>
          {stage && <time class="minor">{dayTime(stage.plant_ms)}</time>}
        </div>
        {stage ? <p>{pick(stage)}</p> : <p class="minor">{next ? t("strip.next") : ""}</p>}
      </div>
      {stage?.sql && (
        <button type="button" class="link" onClick={() => openRow(stage.sql, () => t("row.of", { what: word("strip", name) }))}>
          {t("row.open")}
        </button>
      )}
    </li>
  );
}

export function OrderStrip() {
  useTopics("strip");
  const strip = live.strip.value.value;
  const reached = new Map((strip?.stages ?? []).map((stage) => [stage.stage, stage]));
  return (
    <section class="card" data-testid="strip">
      <header class="card-head">
        <h2>{t("strip.title")}</h2>
        {strip && <button type="button" class="tag" onClick={() => openOrder(strip.order)}>{strip.order}</button>}
        <span class="spring" />
        <button type="button" class="small" disabled={busy.value.has("rush_order")} data-testid="strip-rush" onClick={() => void act("rush_order", { style: "", pieces: 120 })}>
          {t("strip.again")}
        </button>
      </header>
      {strip === null && <p class="minor">{t("strip.empty")}</p>}
      <ol class="steps">
        {STAGES.map((name, index) => {
          const before = STAGES[index - 1];
          const next = !reached.has(name) && (before === undefined || reached.has(before));
          return <Step key={name} name={name} stage={reached.get(name)} next={next && strip !== null} />;
        })}
      </ol>
    </section>
  );
}
