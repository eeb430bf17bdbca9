/** How good the forecasts were, over nights and by days ahead: the model, and seasonal naive beside it. */
import type { EChartsCoreOption } from "echarts/core";
import { monthDay, number, percent, short } from "../format";
import { colour } from "../theme";
import { axisStyle } from "./echart";

export type Course = {
  /** Words of the x axis, or start of the night in epoch ms. */
  x: readonly (number | string)[];
  model: readonly (number | null)[];
  naive: readonly (number | null)[];
  /** Where the line should be; null if lower is simply better. */
  aim: number | null;
  share: boolean;
  names: readonly [string, string];
};

const label = (x: number | string): string => (typeof x === "number" ? monthDay(x) : x);

export function courseOption(course: Course): EChartsCoreOption {
  const style = axisStyle();
  const text = (value: number | null | undefined): string => (course.share ? percent(value, 1) : short(value));
  const aim = course.aim === null ? {} : {
    markLine: { silent: true, symbol: "none", animation: false, label: { show: false }, lineStyle: { color: colour("ink-2"), width: 1, type: "dashed" }, data: [{ yAxis: course.aim }] },
  };
  return {
    grid: { left: 4, right: 12, top: 8, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: course.x.map(label), boundaryGap: false, ...style, axisLabel: { color: colour("ink-2"), fontSize: 11, hideOverlap: true } },
    yAxis: {
      type: "value", scale: true, splitNumber: 3, ...style,
      min: (range: { min: number; max: number }) => (course.aim === null ? 0 : Math.min(range.min, course.aim)),
      max: (range: { min: number; max: number }) => (course.aim === null ? null : Math.max(range.max, course.aim)),
      axisLabel: { color: colour("ink-2"), fontSize: 11, hideOverlap: true, formatter: (value: number) => (course.share ? `${number(value * 100, Math.abs(value) < 0.1 && value !== 0 ? 1 : 0)} %` : short(value)) },
    },
    tooltip: {
      trigger: "axis", renderMode: "richText", backgroundColor: colour("panel-2"), borderColor: colour("line"), textStyle: { color: colour("ink"), fontSize: 12 },
      formatter: (items: { dataIndex: number }[]) => {
        const at = items[0]?.dataIndex ?? 0;
        return [label(course.x[at] ?? ""), `${course.names[0]}: ${text(course.model[at])}`, `${course.names[1]}: ${text(course.naive[at])}`].join("\n");
      },
    },
    series: [
      { id: "naive", name: course.names[1], type: "line", symbol: "none", data: course.naive, lineStyle: { color: colour("ink-2"), width: 1.2, type: "dotted" } },
      { id: "model", name: course.names[0], type: "line", symbol: "circle", symbolSize: 4, data: course.model, lineStyle: { color: colour("ink"), width: 1.6 }, itemStyle: { color: colour("ink") }, ...aim },
    ],
  };
}
