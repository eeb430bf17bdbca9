/** One KPI over a season on an axis that both sides share; the other side is drawn thin behind it. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { DAY_MS, monthStarts } from "../duel";
import type { CompareSpan } from "../feed/types.gen";
import { month } from "../format";
import { lang } from "../i18n";
import { colour, theme } from "../theme";

const SYNC = "duel";
const NARROW_PX = 300;

/** Day under the pointer in any of the charts; null when it is elsewhere. */
export const hovered = signal<number | null>(null);

export type Flip = { day: number; on: boolean; own: boolean };
export type Season = { startMs: number; days: number; spans: readonly CompareSpan[] };

type Values = readonly (number | null)[];
export type CourseProps = {
  values: Values;
  /** The other side, or nothing: then bars are drawn from zero, better and worse apart. */
  other?: Values;
  better?: 1 | -1;
  range: readonly [number, number];
  season: Season;
  flips: readonly Flip[];
  format: (value: number) => string;
  label: string;
  height: number;
};

/** Bands of the calendar: behind everything. */
function drawSpans(u: uPlot, season: Season): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.fillStyle = colour("line");
  for (const span of season.spans) {
    ctx.globalAlpha = span.name === "warmup" ? 0.28 : 0.6;
    const from = u.valToPos(Math.max(0, span.first), "x", true);
    const to = u.valToPos(Math.min(season.days, span.last + 1), "x", true);
    if (to > from) ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height);
  }
  ctx.restore();
}

/** A dashed line and a triangle for every flip: filled when switched on, hollow when off. */
function drawFlips(u: uPlot, flips: readonly Flip[]): void {
  const { ctx, bbox } = u;
  const unit = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = unit;
  for (const flip of flips) {
    const x = Math.round(u.valToPos(flip.day, "x", true));
    ctx.strokeStyle = ctx.fillStyle = colour(flip.own ? "accent" : "line-strong");
    ctx.setLineDash([3 * unit, 3 * unit]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x - 4 * unit, bbox.top);
    ctx.lineTo(x + 4 * unit, bbox.top);
    ctx.lineTo(x, bbox.top + 7 * unit);
    ctx.closePath();
    if (flip.on) ctx.fill();
    else ctx.stroke();
  }
  ctx.restore();
}

function drawBars(u: uPlot, values: Values, better: 1 | -1): void {
  const { ctx } = u;
  const zero = u.valToPos(0, "y", true);
  const width = Math.max(1, u.valToPos(1, "x", true) - u.valToPos(0, "x", true));
  const gap = width > 4 ? 1 : 0;
  ctx.save();
  ctx.strokeStyle = colour("ink-2");
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, zero);
  ctx.lineTo(u.bbox.left + u.bbox.width, zero);
  ctx.stroke();
  const fills = { good: colour("accent"), bad: colour("p2") };
  values.forEach((value, day) => {
    if (value === null || value === 0) return;
    const y = u.valToPos(value, "y", true);
    ctx.fillStyle = value * better > 0 ? fills.good : fills.bad;
    ctx.fillRect(u.valToPos(day, "x", true), Math.min(y, zero), width - gap, Math.abs(zero - y));
  });
  ctx.restore();
}

function options(width: number, props: () => CourseProps): uPlot.Options {
  const { height } = props();
  const axis = { stroke: colour("ink-2"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  const months = (): number[] => {
    const { season } = props();
    return monthStarts(season.startMs, season.days, width < NARROW_PX || season.days > 300 ? 2 : 1);
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { sync: { key: SYNC }, points: { size: 6 }, drag: { x: false, y: false }, y: false },
    padding: [8, 8, 0, 0],
    scales: { x: { time: false, range: () => [0, props().season.days] }, y: { range: () => [...props().range] } },
    axes: [
      { ...axis, size: 20, splits: months, values: (_, splits) => splits.map((day) => month(props().season.startMs + day * DAY_MS)) },
      { ...axis, size: 50, space: 24, values: (_, splits) => splits.map((value) => props().format(value)) },
    ],
    series: [
      {},
      { stroke: colour("ink-2"), width: 1, dash: [2, 3], points: { show: false }, show: props().other !== undefined },
      { stroke: colour("ink"), width: 1.8, points: { show: false }, ...(props().other === undefined ? { paths: () => null } : {}) },
    ],
    hooks: {
      drawClear: [(u) => drawSpans(u, props().season)],
      draw: [
        (u) => {
          const { other, values, better } = props();
          if (other === undefined) drawBars(u, values, better ?? 1);
          drawFlips(u, props().flips);
        },
      ],
      setCursor: [(u) => (hovered.value = u.cursor.idx ?? null)],
    },
  };
}

function aligned(props: CourseProps): uPlot.AlignedData {
  const length = Math.max(props.values.length, props.other?.length ?? 0);
  const days = Array.from({ length }, (_, day) => day);
  return [days, days.map((day) => props.other?.[day] ?? null), days.map((day) => props.values[day] ?? null)];
}

export function Course(props: CourseProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const frame = useRef(0);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const host = box.current;
    if (host === null) return;
    const made = new uPlot(options(host.clientWidth || 300, () => latest.current), aligned(latest.current), host);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: host.clientWidth || 300, height: props.height }));
    watcher.observe(host);
    return () => {
      watcher.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      made.destroy();
      plot.current = null;
    };
  }, [theme.value, lang.value, props.height, props.other === undefined, props.format]);

  useEffect(() => {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      plot.current?.setData(aligned(latest.current));
    });
  }, [props.values, props.other, props.flips, props.season, props.range[0], props.range[1]]);

  return <div class="trend" ref={box} role="img" aria-label={props.label} data-days={props.values.length} />;
}
