/** What the comparison shows, without any page: KPIs, differences, axes. Values in, values out. */
import type { CompareDay, CompareKpis, CompareLinks, CompareMark } from "./feed/types.gen";

export const DAY_MS = 86_400_000;
export type KpiName = keyof CompareKpis;
export type Kind = "money" | "share" | "days" | "pieces" | "count" | "kg";
export type SideName = "left" | "right";
export const SIDES: readonly SideName[] = ["left", "right"];

/** Every KPI: how it is written, and whether more of it is better (1) or less (-1). */
export const KPIS: Readonly<Record<KpiName, { kind: Kind; better: 1 | -1 }>> = {
  profit_k: { kind: "money", better: 1 },
  revenue_k: { kind: "money", better: 1 },
  sold_pieces: { kind: "pieces", better: 1 },
  fill_rate: { kind: "share", better: 1 },
  on_time_delivery: { kind: "share", better: 1 },
  lead_time_d: { kind: "days", better: -1 },
  orders_late: { kind: "count", better: -1 },
  stock_pieces: { kind: "pieces", better: -1 },
  wip_pieces: { kind: "pieces", better: -1 },
  line_efficiency: { kind: "share", better: 1 },
  co2_kg_per_piece: { kind: "kg", better: -1 },
};
export const KPI_NAMES = Object.keys(KPIS) as KpiName[];
/** Drawn as courses, the first one large. */
export const DRAWN: readonly KpiName[] = ["profit_k", "fill_rate", "lead_time_d", "stock_pieces", "wip_pieces"];

export type Flag = Exclude<keyof CompareLinks, "scope">;
export const FLAGS: readonly Flag[] = ["sense_market", "sense_floor", "integrate", "elastic", "close_loop"];
export const SCOPES = ["line", "plant", "region", "platform"] as const;
export const OFF = { sense_market: false, sense_floor: false, integrate: false, elastic: false, close_loop: false, scope: "line" } as const;
export const ON = { sense_market: true, sense_floor: true, integrate: true, elastic: true, close_loop: true, scope: "platform" } as const;

/** How many of the six switches differ from the baseline. */
export function connected(links: CompareLinks): number {
  return FLAGS.filter((flag) => links[flag]).length + (links.scope === "line" ? 0 : 1);
}

/** Switches that must be flipped to get from one set of links to another. */
export function flips(from: CompareLinks, to: CompareLinks): (keyof CompareLinks)[] {
  return ([...FLAGS, "scope"] as const).filter((name) => from[name] !== to[name]);
}

type Course = (number | null)[];

/** One KPI of one side, by day; days that are missing hold null. */
export function course(days: readonly CompareDay[], side: SideName, name: KpiName): Course {
  const values: Course = Array.from({ length: (days.at(-1)?.day ?? -1) + 1 }, () => null);
  for (const one of days) values[one.day] = one[side][name];
  return values;
}

/** Right minus left, by day; null where one of them is. */
export function difference(days: readonly CompareDay[], name: KpiName): Course {
  const left = course(days, "left", name);
  const right = course(days, "right", name);
  return right.map((value, day) => {
    const other = left[day];
    return value === null || other === null || other === undefined ? null : value - other;
  });
}

export type Verdict = "better" | "worse" | "equal" | "unknown";

/** What a difference of a KPI means for the right side. */
export function verdict(name: KpiName, gap: number | null | undefined): Verdict {
  if (gap === null || gap === undefined) return "unknown";
  // Less than what is shown of it counts as equal: no triangle stands beside a zero.
  if (Math.abs(gap) < SMALLEST[KPIS[name].kind]) return "equal";
  return gap * KPIS[name].better > 0 ? "better" : "worse";
}

const SMALLEST: Readonly<Record<Kind, number>> = { money: 0.5, share: 0.0005, days: 0.05, pieces: 0.5, count: 0.5, kg: 0.0005 };

/** An axis for both sides: the same, round at its ends, with zero where amounts are shown. */
export function axis(courses: readonly (readonly (number | null)[])[], kind: Kind): [number, number] {
  const known = courses.flat().filter((value): value is number => value !== null);
  if (kind === "share") {
    const low = Math.min(1, ...known);
    return [Math.max(0, Math.floor(low * 10 - 1e-9) / 10), 1];
  }
  const low = Math.min(0, ...known);
  const high = Math.max(0, ...known);
  if (low === high) return [0, 1];
  const step = roundStep(high - low);
  return [Math.floor(low / step) * step, Math.ceil(high / step) * step];
}

/** A quarter of a span or so, as 1, 2 or 5 times a power of ten. */
export function roundStep(span: number): number {
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}

/** Days on which months begin, `every` months apart. */
export function monthStarts(startMs: number, days: number, every = 1): number[] {
  const starts: number[] = [];
  const first = new Date(startMs);
  for (let month = first.getUTCMonth(); ; month += 1) {
    const day = Math.round((Date.UTC(first.getUTCFullYear(), month, 1) - startMs) / DAY_MS);
    if (day >= days) return starts.filter((_, index) => index % every === 0);
    if (day >= 0) starts.push(day);
  }
}

/** The newest marks first, at most so many. */
export function newest(marks: readonly (readonly [string, CompareMark])[], most: number): [string, CompareMark][] {
  return [...marks].sort(([a], [b]) => b.localeCompare(a)).slice(0, most) as [string, CompareMark][];
}
