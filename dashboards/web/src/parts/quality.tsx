/** How good the forecasts were: over the nights, by days ahead, and quantile by quantile. */
import { useGet } from "../api";
import { type Course, courseOption } from "../charts/quality";
import { EChart } from "../charts/echart";
import type { ForecastQuality, QualityLevel } from "../feed/types.gen";
import { monthDay, number, percent, short } from "../format";
import { t, word } from "../i18n";
import { Empty } from "./drawer";

/** A level counts as missed beyond this: chance and ties stay below it. */
const SLACK = 0.03;
const HEIGHT = 132;

const missed = (one: QualityLevel): boolean => one.below > one.level + SLACK || one.at_most < one.level - SLACK;

function Small(props: { title: string; help: string; course: Course; last: string }) {
  return (
    <div class="small-chart" title={props.help}>
      <div class="small-head"><h3>{props.title}</h3><b>{props.last}</b></div>
      <EChart option={() => courseOption(props.course)} on={[JSON.stringify(props.course)]} height={HEIGHT} label={`${props.title}: ${props.last}. ${props.help}`} />
    </div>
  );
}

/** Where on the square of 100 a share lies, 0 below. */
const up = (share: number): number => 96 - share * 92;
const over = (share: number): number => 4 + share * 92;

function Calibration(props: { levels: readonly QualityLevel[] }) {
  const bad = props.levels.filter(missed);
  const told = bad.length === 0 ? t("quality.calibrated") : t("quality.missed", { levels: bad.map((one) => percent(one.level)).join(", ") });
  return (
    <div class="small-chart" title={t("quality.calibration_help")}>
      <div class="small-head"><h3>{t("quality.calibration")}</h3></div>
      <svg class="calibration" viewBox="0 0 100 100" role="img" aria-label={`${t("quality.calibration")}: ${told}`}>
        <path class="frame" d="M4 4v92h92" />
        <path class="diagonal" d="M4 96L96 4" />
        {props.levels.map((one) => (
          <g key={one.level} class={missed(one) ? "missed" : ""}>
            <path class="range" d={`M${over(one.level)} ${up(one.below)}V${up(one.at_most)}`} />
            {missed(one)
              ? <path class="dot" d={`M${over(one.level) - 3} ${up(one.at_most) + 2.5}h6l-3-5.5z`} />
              : <circle class="dot" cx={over(one.level)} cy={up(Math.min(Math.max(one.level, one.below), one.at_most))} r={1.9} />}
          </g>
        ))}
      </svg>
      <p class={bad.length > 0 ? "missed-note" : "minor"}>{bad.length > 0 && <span aria-hidden="true">▲ </span>}{told}</p>
    </div>
  );
}

function DataTable(props: { data: ForecastQuality }) {
  const { nights } = props.data;
  return (
    <details class="data">
      <summary>{t("as_table")}</summary>
      <div class="scroll tall" tabIndex={0} role="group" aria-label={t("as_table")}>
        <table class="grid">
          <thead><tr><th scope="col">{t("quality.night")}</th><th scope="col">{t("forecast.model")}</th><th scope="col" class="num">{t("quality.days")}</th><th scope="col" class="num">{t("forecast.pinball")}</th><th scope="col" class="num">{t("quality.naive")}</th><th scope="col" class="num">{t("forecast.coverage")}</th><th scope="col" class="num">{t("forecast.bias")}</th></tr></thead>
          <tbody>
            {nights.toReversed().map((one) => (
              <tr key={`${one.origin_ms}${one.model}`}>
                <th scope="row">{monthDay(one.origin_ms)}</th><td>{word("model", one.model)}</td><td class="num">{number(one.days)}</td><td class="num">{short(one.pinball)}</td><td class="num">{short(one.naive_pinball)}</td><td class="num">{percent(one.coverage_80)}</td><td class="num">{percent(one.bias, 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Charts(props: { data: ForecastQuality }) {
  const { nights, horizons, levels, model } = props.data;
  const names = [word("model", model), t("quality.naive")] as const;
  const last = nights.at(-1);
  const x = nights.map((one) => one.origin_ms);
  const ahead = horizons.filter((one) => one.values > 0);
  return (
    <>
      <div class="small-charts">
        <Small title={t("forecast.pinball")} help={t("forecast.pinball_help")} last={short(last?.pinball)} course={{ x, names, aim: null, share: false, model: nights.map((one) => one.pinball), naive: nights.map((one) => one.naive_pinball) }} />
        <Small title={t("forecast.coverage")} help={t("forecast.coverage_help")} last={percent(last?.coverage_80)} course={{ x, names, aim: 0.8, share: true, model: nights.map((one) => one.coverage_80), naive: nights.map((one) => one.naive_coverage_80) }} />
        <Small title={t("forecast.bias")} help={t("forecast.bias_help")} last={percent(last?.bias, 1)} course={{ x, names, aim: 0, share: true, model: nights.map((one) => one.bias), naive: nights.map((one) => one.naive_bias) }} />
        <Small title={t("quality.horizon")} help={t("quality.horizon_help")} last={t("quality.ahead", { n: ahead.length })} course={{ x: ahead.map((one) => String(one.ahead)), names, aim: null, share: false, model: ahead.map((one) => one.pinball), naive: ahead.map((one) => one.naive_pinball) }} />
        <Calibration levels={levels} />
      </div>
      <ul class="legend">
        <li><i class="stroke ink" /> {names[0]}</li>
        <li><i class="stroke dotted" /> {names[1]}</li>
        <li><i class="stroke dashed" /> {t("quality.aim")}</li>
      </ul>
      <DataTable data={props.data} />
    </>
  );
}

export function QualityCard(props: { again: unknown }) {
  const found = useGet("GET /api/forecast/quality", "/api/forecast/quality", props.again);
  const { data } = found;
  return (
    <section class="card" aria-label={t("quality.title")} data-testid="quality">
      <header class="card-head"><h2>{t("quality.title")}</h2><span class="spring" />{data !== null && data.nights.length > 0 && <span class="minor">{t("quality.nights", { n: data.nights.length })}</span>}</header>
      {found.error && <Empty bad text={found.error} />}
      {!found.error && data === null && <Empty text={t("loading")} />}
      {data !== null && (data.nights.length === 0 ? <Empty text={t("quality.empty")} /> : <Charts data={data} />)}
    </section>
  );
}
