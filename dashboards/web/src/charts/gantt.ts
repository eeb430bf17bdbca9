/** The plan as a Gantt: a row for each line, set-ups before bars, late bars hatched, a line for now. */
import type { EChartsCoreOption } from "echarts/core";
import type { Plan, PlanBar } from "../feed/types.gen";
import { day, dayTime, duration, hourMinute } from "../format";
import { place, t, word } from "../i18n";
import { colour } from "../theme";
import { axisStyle } from "./echart";

export const ROW_HEIGHT = 26;
const DAY_MS = 86_400_000;

interface Api {
  value(dimension: number): number;
  coord(point: [number, number]): [number, number];
  size(extent: [number, number]): [number, number];
}
interface Params {
  dataIndex: number;
  coordSys: { x: number; y: number; width: number; height: number };
}

/** Lines that have bars, in the order of their names. */
export function rowsOf(plan: Plan): string[] {
  return [...new Set(plan.bars.map((bar) => `${bar.site}/${bar.line}`))].sort((a, b) => b.localeCompare(a));
}

/** Diagonal strokes: "late" needs no colour, which is kept for what needs action. */
function hatch(fill: string, stroke: string): { image: HTMLCanvasElement; repeat: "repeat" } {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  if (pen !== null) {
    pen.fillStyle = fill;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = stroke;
    pen.lineWidth = 1.6;
    pen.beginPath();
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, 8);
      pen.lineTo(shift + 8, 0);
    }
    pen.stroke();
  }
  return { image: tile, repeat: "repeat" };
}

function clip(x: number, y: number, width: number, height: number, area: Params["coordSys"]) {
  const left = Math.max(x, area.x);
  const right = Math.min(x + width, area.x + area.width);
  const inside = y + height >= area.y && y <= area.y + area.height;
  return right > left && inside ? { x: left, y, width: right - left, height } : null;
}

function drawer(bars: readonly PlanBar[]) {
  const ink = colour("ink");
  const fills: Record<string, string> = { sewing: colour("bar-now"), queued: colour("bar-next") };
  const other = colour("bar-later");
  const hatches = new Map([...Object.values(fills), other].map((fill) => [fill, hatch(fill, ink)]));
  return (params: Params, api: Api) => {
    const bar = bars[params.dataIndex];
    if (bar === undefined) return undefined;
    const row = api.value(0);
    const [start, y] = api.coord([api.value(1), row]);
    const [end] = api.coord([api.value(2), row]);
    const [early] = api.coord([api.value(1) - bar.setup_ms, row]);
    const height = Math.min(18, (api.size([0, 1])[1] ?? ROW_HEIGHT) * 0.7);
    const fill = fills[bar.state] ?? other;
    const body = clip(start, y - height / 2, Math.max(2, end - start), height, params.coordSys);
    const setup = clip(early, y - height / 2, start - early, height, params.coordSys);
    const children: object[] = [];
    if (setup) children.push({ type: "rect", shape: setup, style: { fill: colour("setup") } });
    if (body) {
      const style = { fill: bar.late ? hatches.get(fill) : fill, stroke: colour("panel"), lineWidth: 1 };
      children.push({ type: "rect", shape: { ...body, r: 2 }, style });
      if (body.width > 54) {
        const name = bar.style || bar.order;
        // A plate under the name: on hatching alone it could not be read.
        if (bar.late) {
          const plate = { x: body.x + 3, y: y - 7, width: 5 + name.length * 7, height: 14, r: 2 };
          children.push({ type: "rect", shape: plate, style: { fill }, silent: true });
        }
        const text = { text: name, x: body.x + 6, y, fill: ink, fontSize: 11, verticalAlign: "middle" };
        children.push({ type: "text", style: text, silent: true });
      }
    }
    return { type: "group", children };
  };
}

function tooltip(bar: PlanBar): string {
  return [
    `${bar.order}  ${bar.style}`,
    `${place(`${bar.site}/${bar.line}`)}: ${word("order_state", bar.state)}${bar.late ? `, ${t("orders.late")}` : ""}`,
    `${dayTime(bar.start_ms)} – ${dayTime(bar.end_ms)}`,
    bar.setup_ms > 0 ? t("gantt.setup", { time: duration(bar.setup_ms) }) : "",
  ].filter(Boolean).join("\n");
}

/** Dashed outlines: where orders lay before, behind the bars of the plan. */
function ghostDrawer() {
  const ink = colour("ink-2");
  return (_params: Params, api: Api) => {
    const row = api.value(0);
    const [start, y] = api.coord([api.value(1), row]);
    const [end] = api.coord([api.value(2), row]);
    const shape = clip(start, y - 11, Math.max(2, end - start), 22, _params.coordSys);
    if (shape === null) return undefined;
    const style = { fill: "none", stroke: ink, lineWidth: 1, lineDash: [3, 3] };
    return { type: "rect", shape: { ...shape, r: 2 }, style, silent: true };
  };
}

export function ganttOption(plan: Plan, nowMs: number, before: readonly PlanBar[] = []): EChartsCoreOption {
  const rows = rowsOf({ now_ms: plan.now_ms, bars: [...plan.bars, ...before] });
  const bars = plan.bars;
  const style = axisStyle();
  const from = Math.min(nowMs - DAY_MS / 4, ...bars.map((bar) => bar.start_ms - bar.setup_ms));
  const to = Math.max(nowMs + DAY_MS, ...bars.map((bar) => bar.end_ms));
  return {
    useUTC: true,
    grid: { left: 4, right: 14, top: 22, bottom: 4, containLabel: true },
    xAxis: {
      type: "time", min: from, max: to, position: "bottom",
      ...style,
      splitLine: { show: true, lineStyle: { color: colour("line") } },
      axisLabel: { color: colour("ink-2"), fontSize: 11, hideOverlap: true, formatter: (ms: number) => (ms % DAY_MS === 0 ? day(ms) : hourMinute(ms)) },
    },
    yAxis: { type: "category", data: rows.map(place), ...style, splitLine: { show: true, lineStyle: { color: colour("line") } } },
    dataZoom: [
      { type: "inside", filterMode: "none" },
    ],
    tooltip: {
      ...tooltipBase(),
      formatter: (params: { dataIndex: number; seriesId: string; componentType: string }) => {
        const bar = bars[params.dataIndex];
        return params.componentType === "series" && params.seriesId === "plan" && bar !== undefined ? tooltip(bar) : t("gantt.now");
      },
    },
    series: [
      {
        id: "before",
        type: "custom",
        renderItem: ghostDrawer() as never,
        encode: { x: [1, 2], y: 0 },
        silent: true,
        tooltip: { show: false },
        data: before.map((bar) => ({ name: bar.order, value: [rows.indexOf(`${bar.site}/${bar.line}`), bar.start_ms, bar.end_ms] })),
      },
      {
        id: "plan",
        type: "custom",
        renderItem: drawer(bars) as never,
        encode: { x: [1, 2], y: 0 },
        data: bars.map((bar) => ({ name: bar.order, value: [rows.indexOf(`${bar.site}/${bar.line}`), bar.start_ms, bar.end_ms] })),
        markLine: {
          silent: true,
          symbol: "none",
          animation: false,
          lineStyle: { color: colour("accent"), width: 1.5, type: "solid" },
          label: { formatter: t("gantt.now"), color: colour("accent"), fontSize: 11, position: "end" },
          data: [{ xAxis: nowMs }],
        },
      },
    ],
  };
}

function tooltipBase() {
  return {
    renderMode: "richText" as const,
    backgroundColor: colour("panel-2"),
    borderColor: colour("line"),
    textStyle: { color: colour("ink"), fontSize: 12 },
  };
}
