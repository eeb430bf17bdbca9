/** A forecast as a fan: what was sold, the median, the 80 and 95 % bands, and where it began. */
import type { EChartsCoreOption } from "echarts/core";
import type { Fan, ForecastDetail } from "../feed/types.gen";
import { day, number, short } from "../format";
import { t } from "../i18n";
import { colour } from "../theme";
import { axisStyle } from "./echart";

type Point = [number, number | null];
type Band = { low: Point[]; width: Point[] } | null;

/** Value of a quantile, whatever way its level is written ("0.1", "0.10"). */
export function quantile(day: Fan["days"][number], level: number): number | null {
  for (const [key, value] of Object.entries(day.quantiles)) if (Math.abs(Number(key) - level) < 1e-6) return value;
  return null;
}

function band(fan: Fan, low: number, high: number): Band {
  const lows: Point[] = [];
  const widths: Point[] = [];
  for (const one of fan.days) {
    const [a, b] = [quantile(one, low), quantile(one, high)];
    if (a === null || b === null) return null;
    lows.push([one.ds_ms, a]);
    widths.push([one.ds_ms, b - a]);
  }
  return { low: lows, width: widths };
}

function bandSeries(name: string, stack: string, found: Band, opacity: number): object[] {
  if (found === null) return [];
  const line = { type: "line", stack, symbol: "none", lineStyle: { opacity: 0 }, silent: true, stackStrategy: "all" };
  return [
    { ...line, id: `${stack}-low`, name: `${name} low`, data: found.low },
    { ...line, id: `${stack}-width`, name, data: found.width, areaStyle: { color: colour("accent"), opacity } },
  ];
}

const medians = (fan: Fan): Point[] => fan.days.map((one) => [one.ds_ms, quantile(one, 0.5)]);

function earlier(fans: readonly Fan[]): object[] {
  return fans.slice(0, 3).map((fan, index) => ({
    id: `earlier-${index}`,
    name: t("forecast.earlier"),
    type: "line",
    symbol: "none",
    silent: true,
    data: medians(fan),
    lineStyle: { color: colour("ink-2"), width: 1, type: "dotted", opacity: 0.8 },
  }));
}

export function fanOption(detail: ForecastDetail): EChartsCoreOption {
  const style = axisStyle();
  const { fan, actuals } = detail;
  const stockouts = actuals.filter((one) => one.stockout_min > 0).map((one) => [one.ds_ms, one.y]);
  return {
    grid: { left: 8, right: 16, top: 30, bottom: 26, containLabel: true },
    useUTC: true,
    xAxis: { type: "time", min: "dataMin", max: "dataMax", ...style, splitLine: { show: false }, axisLabel: { color: colour("ink-2"), fontSize: 11, hideOverlap: true, formatter: (ms: number) => day(ms) } },
    yAxis: { type: "value", min: 0, name: t("forecast.axis"), nameTextStyle: { color: colour("ink-2"), align: "left" }, ...style },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: colour("panel-2"),
      borderColor: colour("line"),
      textStyle: { color: colour("ink"), fontSize: 12 },
      formatter: (items: { value: Point; seriesId: string }[]) => hint(detail, items[0]?.value[0] ?? 0),
    },
    dataZoom: [{ type: "inside", filterMode: "none" }],
    series: [
      ...bandSeries(t("forecast.band95"), "b95", band(fan, 0.025, 0.975), 0.14),
      ...bandSeries(t("forecast.band80"), "b80", band(fan, 0.1, 0.9), 0.26),
      ...earlier(detail.earlier),
      {
        id: "median", name: t("forecast.median"), type: "line", symbol: "none", data: medians(fan), lineStyle: { color: colour("accent"), width: 2 },
        markLine: {
          silent: true, symbol: "none", animation: false,
          lineStyle: { color: colour("ink-2"), width: 1, type: "dashed" },
          label: { formatter: t("forecast.origin"), color: colour("ink-2"), fontSize: 11 },
          data: [{ xAxis: fan.origin_ms }],
        },
      },
      { id: "actual", name: t("forecast.actual"), type: "line", symbol: "circle", symbolSize: 4, data: actuals.map((one) => [one.ds_ms, one.y]), lineStyle: { color: colour("ink"), width: 1.5 }, itemStyle: { color: colour("ink") } },
      { id: "stockout", name: t("forecast.stockout"), type: "line", symbol: "emptyTriangle", symbolSize: 10, data: stockouts, lineStyle: { opacity: 0 }, itemStyle: { color: colour("p2-ink"), borderWidth: 2 } },
    ],
  };
}

function hint(detail: ForecastDetail, ms: number): string {
  const lines = [day(ms)];
  const actual = detail.actuals.find((one) => one.ds_ms === ms);
  if (actual) lines.push(`${t("forecast.actual")}: ${number(actual.y)}`);
  if (actual && actual.stockout_min > 0) lines.push(t("forecast.stockout_min", { n: number(actual.stockout_min) }));
  const ahead = detail.fan.days.find((one) => one.ds_ms === ms);
  if (ahead) {
    lines.push(`${t("forecast.median")}: ${short(quantile(ahead, 0.5))}`);
    for (const [key, low, high] of [["forecast.band80", 0.1, 0.9], ["forecast.band95", 0.025, 0.975]] as const) {
      if (quantile(ahead, low) !== null) lines.push(`${t(key)}: ${short(quantile(ahead, low))} – ${short(quantile(ahead, high))}`);
    }
  }
  return lines.join("\n");
}
