/** The register of models: which one forecasts, how good each is, and who takes over. */
import { useState } from "preact/hooks";
import { models as acts, useGet } from "../api";
import type { ForecastModel, ModelHappening, ModelList } from "../feed/types.gen";
import { day, dayTime, number, percent, short } from "../format";
import { lang, t, word } from "../i18n";
import { Empty } from "./drawer";
import { say } from "./toast";

const SHOWN = 12;

type Told = { note: string; note_zh: string };
const told = (one: Told): string => (lang.value === "zh" && one.note_zh) || one.note;

function Row(props: { model: ForecastModel; busy: boolean; promote: (id: string) => void }) {
  const { model, busy, promote } = props;
  const { metrics } = model;
  const failed = model.status === "failed" || model.fallbacks > 0;
  return (
    <tr class={model.status === "champion" ? "chosen" : ""} data-testid={`model-${model.id}`} data-status={model.status}>
      <th scope="row" title={told(model)}><span class="model-name">{word("model", model.model)}</span> <small>{model.id}</small></th>
      <td data-name={t("models.status")} class={failed ? "old" : ""}>{failed && <span aria-hidden="true">▲ </span>}{word("model_status", model.status)}{model.fallbacks > 0 && ` · ${t("models.fallbacks", { n: model.fallbacks })}`}</td>
      <td data-name={t("models.trained")}>{model.trained_ms > 0 ? day(model.trained_ms) : t("models.untrained")} <small>{word("model_cause", model.cause)}</small></td>
      <td class="num" data-name={t("forecast.pinball")}>{short(metrics?.pinball)}</td>
      <td class="num" data-name={t("models.skill")}>{percent(metrics?.skill)}</td>
      <td class="num" data-name={t("forecast.coverage")}>{percent(metrics?.coverage_80)}</td>
      <td class="num" data-name={t("forecast.bias")}>{percent(metrics?.bias, 1)}</td>
      <td class="num" data-name={t("models.nights")}>{number(model.nights)}</td>
      <td class="act">{model.status !== "champion" && <button type="button" class="small" disabled={busy} onClick={() => promote(model.id)} data-testid={`promote-${model.id}`}>{t("models.promote")}</button>}</td>
    </tr>
  );
}

function Table(props: { list: ModelList; busy: boolean; promote: (id: string) => void }) {
  const { list } = props;
  const champion = list.models.filter((one) => one.id === list.champion);
  const others = list.models.filter((one) => one.id !== list.champion);
  const rows = [...champion, ...others.slice(0, SHOWN)];
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("models.title")}>
      <table class="grid models">
        <thead><tr>
          <th scope="col">{t("forecast.model")}</th><th scope="col">{t("models.status")}</th><th scope="col">{t("models.trained")}</th>
          <th scope="col" class="num" title={t("models.measured_help")}>{t("forecast.pinball")}</th><th scope="col" class="num" title={t("models.skill_help")}>{t("models.skill")}</th><th scope="col" class="num">{t("forecast.coverage")}</th><th scope="col" class="num">{t("forecast.bias")}</th>
          <th scope="col" class="num">{t("models.nights")}</th><td />
        </tr></thead>
        <tbody>{rows.map((one) => <Row key={one.id} model={one} busy={props.busy} promote={props.promote} />)}</tbody>
      </table>
    </div>
  );
}

function Events(props: { events: readonly ModelHappening[] }) {
  if (props.events.length === 0) return null;
  return (
    <details class="data">
      <summary>{t("models.events")}</summary>
      <ul class="plain">
        {props.events.slice(0, 30).map((one) => <li key={one.seq}><span class="minor">{dayTime(one.plant_ms)}</span> {word("model_event", one.kind)} <small>{one.model_id}</small>{told(one) && <> – {told(one)}</>}</li>)}
      </ul>
    </details>
  );
}

export function ModelsCard(props: { again: unknown }) {
  const [answer, setAnswer] = useState<ModelList | null>(null);
  const [busy, setBusy] = useState(false);
  const [acted, count] = useState(0);
  const found = useGet("GET /api/models", "/api/models", `${String(props.again)} ${acted}`);
  // What an act answered holds until the register is read again.
  const list = found.loading && answer !== null ? answer : (found.data ?? answer);

  async function act(what: Promise<ModelList>, done: string): Promise<void> {
    setBusy(true);
    try {
      setAnswer(await what);
      say("ok", done);
    } catch (problem) {
      say("bad", (problem as Error).message);
    } finally {
      setBusy(false);
      count((n) => n + 1);
    }
  }

  return (
    <section class="card" aria-label={t("models.title")} data-testid="models">
      <header class="card-head">
        <h2>{t("models.title")}</h2><span class="spring" />
        {list?.training && <span class="pill" role="status">{t("models.training", { model: word("model", list.training) })}</span>}
        {list !== null && list.next_training_ms > 0 && <span class="minor">{t("models.next", { time: dayTime(list.next_training_ms) })}</span>}
        {list !== null && list.rollback_to !== "" && <button type="button" class="small" disabled={busy} title={t("models.rollback_help", { id: list.rollback_to })} onClick={() => void act(acts.rollback(), t("models.rolled_back"))} data-testid="rollback">{t("models.rollback")}</button>}
      </header>
      {found.error && <Empty bad text={found.error} />}
      {!found.error && list === null && <Empty text={t("loading")} />}
      {list !== null && list.models.length === 0 && <Empty text={t("models.empty")} />}
      {list !== null && list.models.length > 0 && <Table list={list} busy={busy} promote={(id) => void act(acts.promote(id), t("models.promoted", { id }))} />}
      {list !== null && <Events events={list.events} />}
    </section>
  );
}
