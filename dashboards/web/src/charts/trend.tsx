/** A small time chart of one signal on a scale of its own; redrawn at most once per frame. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Sample } from "../feed/topics";
import { clockTime, compact, day, hourMinute, short } from "../format";
import { lang, t } from "../i18n";
import { colour, theme } from "../theme";

const HEIGHT = 96;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Steps of the time axis that fall on round times of the day. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 7, 14, 28].map((days) => days * DAY_MS),
];

function timeLabel(ms: number, span: number): string {
  if (span > 2 * DAY_MS && ms % DAY_MS === 0) return day(ms);
  return span < 3 * MINUTE_MS ? clockTime(ms) : hourMinute(ms);
}

function options(width: number, unit: string, height: number): uPlot.Options {
  const axis = { stroke: colour("ink-2"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  return {
    width,
    height,
    legend: { show: false },
    cursor: { points: { size: 5 }, drag: { x: false, y: false } },
    padding: [6, 20, 0, 0],
    ms: 1,
    scales: { x: { time: false } },
    axes: [
      {
        ...axis,
        size: 22,
        space: 70,
        incrs: STEPS_MS,
        values: (u, splits) => splits.map((ms) => timeLabel(ms, (u.scales["x"]?.max ?? 0) - (u.scales["x"]?.min ?? 0))),
      },
      { ...axis, size: 44, space: 26, values: (_, splits) => splits.map((value) => compact(value)) },
    ],
    series: [{}, { label: unit, stroke: colour("ink"), width: 1.4, points: { show: false }, spanGaps: false }],
  };
}

function summary(label: string, unit: string, samples: readonly Sample[]): string {
  const known = samples.map(([, value]) => value).filter((value): value is number => value !== null);
  if (known.length === 0) return t("trend.none", { label });
  const values = { label, unit, last: short(known.at(-1)), low: short(Math.min(...known)), high: short(Math.max(...known)) };
  return t("trend.summary", values);
}

export function Trend(props: { samples: readonly Sample[]; label: string; unit: string; height?: number }) {
  const { samples, label, unit, height = HEIGHT } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const frame = useRef(0);

  useEffect(() => {
    const host = box.current;
    if (host === null) return;
    const made = new uPlot(options(host.clientWidth || 300, unit, height), [[], []], host);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: host.clientWidth || 300, height }));
    watcher.observe(host);
    return () => {
      watcher.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      made.destroy();
      plot.current = null;
    };
  }, [theme.value, lang.value, unit, height]);

  useEffect(() => {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      plot.current?.setData([samples.map(([ts]) => ts), samples.map(([, value]) => value)]);
    });
  }, [samples, theme.value, lang.value]);

  return <div class="trend" ref={box} role="img" aria-label={summary(label, unit, samples)} />;
}
