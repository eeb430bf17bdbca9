/** Why a forecast is what it is: what each part of the history brought, as signed bars. */
import { useState } from "preact/hooks";
import { useGet } from "../api";
import type { ForecastExplanation, ForecastPart } from "../feed/types.gen";
import { day, number, short } from "../format";
import { lang, pick, t } from "../i18n";
import { Empty } from "./drawer";

const WEEK = 7;
const MINUS = "\u2212";

const signed = (value: number): string => `${value > 0 ? "+" : value < 0 ? MINUS : ""}${number(Math.abs(value), Math.abs(value) >= 10 || value === 0 ? 0 : 1)}`;

function Bar(props: { value: number; most: number }) {
  const width = (48 * Math.abs(props.value)) / props.most;
  return (
    <svg class="signed" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <rect class={props.value < 0 ? "minus" : "plus"} x={props.value < 0 ? 50 - width : 50} y={1.5} width={width} height={9} />
      <path class="zero" d="M50 0v12" />
    </svg>
  );
}

/** Days that can be asked about: 0 is the sum of the next seven. */
function amount(part: ForecastPart, at: number): number {
  return at === 0 ? part.pieces_7d : (part.days[at - 1] ?? 0);
}

function Rows(props: { data: ForecastExplanation; at: number }) {
  const { data, at } = props;
  const parts = data.parts.map((part) => ({ part, value: amount(part, at) })).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const most = Math.max(0.5, ...parts.map((one) => Math.abs(one.value)));
  const reference = at === 0 ? data.reference_7d : (data.reference[at - 1] ?? 0);
  const forecast = at === 0 ? data.forecast_7d : (data.forecast[at - 1] ?? 0);
  return (
    <ul class="reasons">
      <li class="sum"><span>{t("explain.reference")}</span><span /><b class="num">{short(reference)}</b></li>
      {parts.map(({ part, value }) => (
        <li key={part.name} class={Math.abs(value) < 0.05 ? "none" : ""} data-testid={`part-${part.name}`}>
          <span>{at === 0 ? pick(part) : t(value < 0 ? "explain.lowers" : "explain.raises", { part: partName(part.name) })}</span>
          <Bar value={value} most={most} />
          <span class="num">{signed(value)}</span>
        </li>
      ))}
      <li class="sum"><span>{t("explain.forecast")}</span><span /><b class="num">{short(forecast)}</b></li>
    </ul>
  );
}

const NAMES = {
  last_week: "explain.part.last_week",
  weeks_2_to_4: "explain.part.weeks_2_to_4",
  weekday: "explain.part.weekday",
  stockouts: "explain.part.stockouts",
  price: "explain.part.price",
  promotion: "explain.part.promotion",
  attributes: "explain.part.attributes",
} as const;

function partName(name: string): string {
  return name in NAMES ? t(NAMES[name as keyof typeof NAMES]) : name.replaceAll("_", " ");
}

function Answer(props: { id: string; origin: number }) {
  const [at, choose] = useState(0);
  const [tries, ask] = useState(0);
  const found = useGet("GET /api/forecast/{unique_id}/explain", `/api/forecast/${encodeURIComponent(props.id)}/explain`, `${props.origin} ${tries}`);
  if (found.error && !found.loading) {
    return <><Empty bad text={found.error} /><button type="button" class="small" onClick={() => ask(tries + 1)} data-testid="explain-again">{t("explain.again")}</button></>;
  }
  if (found.data === null) return <Empty text={t("explain.asking")} />;
  const data = found.data;
  return (
    <>
      <label class="filters">{t("explain.when")}{" "}
        <select value={String(at)} onChange={(event) => choose(Number(event.currentTarget.value))} data-testid="explain-day">
          <option value="0">{t("explain.week", { n: Math.min(WEEK, data.days_ms.length) })}</option>
          {data.days_ms.map((ms, index) => <option key={ms} value={String(index + 1)}>{day(ms)}</option>)}
        </select>
      </label>
      <Rows data={data} at={at} />
      <p class="minor">{(lang.value === "zh" && data.note_zh) || data.note} {t("explain.seconds", { s: number(data.seconds, 1) })}</p>
    </>
  );
}

/** Asked for on demand: the model is run again and again for it. Stays open for the next series. */
export function Explain(props: { id: string; origin: number }) {
  const [open, show] = useState(false);
  return (
    <div class="explain" data-testid="explain">
      <button type="button" aria-expanded={open} onClick={() => show(!open)} data-testid="explain-open">{t(open ? "explain.hide" : "explain.show")}</button>
      {open && <Answer key={props.id} id={props.id} origin={props.origin} />}
    </div>
  );
}
