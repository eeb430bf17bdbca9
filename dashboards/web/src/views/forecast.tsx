/** Forecasts: every series, its fan with what was really sold, and how good the last ones were. */
import { useState } from "preact/hooks";
import { useGet } from "../api";
import { EChart } from "../charts/echart";
import { fanOption, quantile } from "../charts/fan";
import { live, useTopics } from "../feed/topics";
import type { ForecastDetail, ForecastSeries, ForecastSummary } from "../feed/types.gen";
import { day, dayTime, number, percent, short } from "../format";
import { lang, t, word } from "../i18n";
import { Empty } from "../parts/drawer";
import { Explain } from "../parts/explain";
import { ModelsCard } from "../parts/models";
import { QualityCard } from "../parts/quality";
import { TrendsCard } from "../parts/trends";

const SHOWN = 80;

function Score(props: { name: string; value: string; help: string; wordy?: boolean }) {
  return (
    <div class="kpi" title={props.help}>
      <div class="kpi-name">{props.name}</div>
      <div class={props.wordy ? "kpi-value wordy" : "kpi-value"}><b>{props.value}</b></div>
    </div>
  );
}

function Scores(props: { summary: ForecastSummary | null }) {
  const { summary } = props;
  return (
    <div class="kpi-strip" data-testid="forecast-scores">
      <Score name={t("forecast.pinball")} value={short(summary?.pinball)} help={t("forecast.pinball_help")} />
      <Score name={t("forecast.coverage")} value={percent(summary?.coverage_80)} help={t("forecast.coverage_help")} />
      <Score name={t("forecast.bias")} value={percent(summary?.bias, 1)} help={t("forecast.bias_help")} />
      <Score name={t("forecast.series")} value={number(summary?.series_count || null)} help={t("forecast.series_help")} />
      <Score name={t("forecast.model")} wordy value={summary?.model ? word("model", summary.model) : t("none")} help={t("forecast.model_help", { s: short(summary?.seconds) })} />
    </div>
  );
}

function SeriesList(props: { series: readonly ForecastSeries[]; chosen: string; choose: (id: string) => void }) {
  const [text, setText] = useState("");
  const found = props.series.filter((one) => one.unique_id.toLowerCase().includes(text.trim().toLowerCase()));
  const most = Math.max(1, ...props.series.map((one) => one.q50_7d));
  return (
    <section class="card series" aria-label={t("forecast.list")}>
      <label class="filters">{t("orders.search")} <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
      <p class="minor">{t("forecast.list_help")}</p>
      <ul class="series-list">
        {found.slice(0, SHOWN).map((one) => (
          <li key={one.unique_id}>
            <button type="button" class="series-row" aria-pressed={one.unique_id === props.chosen} onClick={() => props.choose(one.unique_id)}>
              <span class="series-id">{one.unique_id}</span>
              <svg class="bar" viewBox="0 0 60 8" width={48} height={7} preserveAspectRatio="none" aria-hidden="true">
                <rect class="bar-back" width={60} height={8} rx={2} />
                <rect class="bar-fill" width={(60 * one.q50_7d) / most} height={8} rx={2} />
              </svg>
              <span class="num">{number(one.q50_7d)}</span>
              <span class="num minor">{number(one.sold_7d)}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length > SHOWN && <p class="minor">{t("forecast.more", { n: found.length - SHOWN })}</p>}
    </section>
  );
}

function DataTable(props: { detail: ForecastDetail }) {
  const { fan, actuals } = props.detail;
  return (
    <details class="data">
      <summary>{t("as_table")}</summary>
      <div class="scroll tall" tabIndex={0} role="group" aria-label={t("as_table")}>
        <table class="grid">
          <thead><tr><th scope="col">{t("forecast.day")}</th><th scope="col">{t("forecast.actual")}</th><th scope="col">{t("forecast.median")}</th><th scope="col">10 %</th><th scope="col">90 %</th></tr></thead>
          <tbody>
            {actuals.slice(-14).map((one) => <tr key={one.ds_ms}><th scope="row">{day(one.ds_ms)}</th><td class="num">{number(one.y)}{one.stockout_min > 0 ? " △" : ""}</td><td /><td /><td /></tr>)}
            {fan.days.map((one) => (
              <tr key={one.ds_ms}><th scope="row">{day(one.ds_ms)}</th><td />{[0.5, 0.1, 0.9].map((level) => <td key={level} class="num">{short(quantile(one, level))}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

const has = (detail: ForecastDetail, level: number): boolean => detail.fan.days.some((one) => quantile(one, level) !== null);

function Detail(props: { id: string; origin: number }) {
  const detail = useGet("GET /api/forecast/{unique_id}", `/api/forecast/${encodeURIComponent(props.id)}`, props.origin);
  if (detail.error) return <Empty bad text={detail.error} />;
  if (detail.data === null) return <Empty text={t("loading")} />;
  const data = detail.data;
  const stockouts = data.actuals.filter((one) => one.stockout_min > 0).length;
  return (
    <>
      <EChart option={() => fanOption(data)} on={[data]} height={380} label={t("forecast.chart_label", { id: data.unique_id, days: data.fan.days.length, stockouts })} />
      <ul class="legend">
        <li><i class="stroke ink" /> {t("forecast.actual")}</li>
        <li><i class="stroke accent" /> {t("forecast.median")}</li>
        {has(data, 0.9) && <li><i class="swatch band80" /> {t("forecast.band80")}</li>}
        {has(data, 0.975) && <li><i class="swatch band95" /> {t("forecast.band95")}</li>}
        {data.earlier.length > 0 && <li><i class="stroke dotted" /> {t("forecast.earlier")}</li>}
        {stockouts > 0 && <li><span class="tri" aria-hidden="true">△</span> {t("forecast.stockout")}</li>}
      </ul>
      <DataTable detail={data} />
    </>
  );
}

export function ForecastView() {
  useTopics("forecast");
  const summary = live.forecast.value.value;
  const origin = summary?.origin_ms ?? 0;
  const list = useGet("GET /api/forecast", "/api/forecast", origin);
  const [picked, pick] = useState("");
  const series = list.data?.series ?? [];
  const chosen = picked || (series[0]?.unique_id ?? "");
  const note = summary && ((lang.value === "zh" && summary.note_zh) || summary.note);
  return (
    <>
      <h1>{t("nav.forecast")}</h1>
      <Scores summary={summary} />
      {note && <p class="note">{note}</p>}
      <TrendsCard again={origin} />
      {list.error && <Empty bad text={list.error} />}
      {!list.error && series.length === 0 && <Empty text={list.loading ? t("loading") : t("forecast.empty")} />}
      {series.length > 0 && (
        <div class="split">
          <SeriesList series={series} chosen={chosen} choose={pick} />
          <section class="card" aria-label={chosen} data-testid="fan">
            <header class="card-head"><h2>{chosen}</h2><span class="spring" /><span class="minor">{t("forecast.made", { time: dayTime(list.data?.origin_ms ?? 0) })}</span></header>
            <Detail id={chosen} origin={list.data?.origin_ms ?? 0} />
            <Explain id={chosen} origin={list.data?.origin_ms ?? 0} />
          </section>
        </div>
      )}
      <QualityCard again={origin} />
      <ModelsCard again={origin} />
    </>
  );
}
