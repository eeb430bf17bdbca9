/** Both sides on the same axes, and the difference between them. */
import { useMemo, useState } from "preact/hooks";
import { Course, hovered, type Flip, type Season } from "../charts/course";
import { DRAWN, KPIS, KPI_NAMES, axis, course, difference, verdict, type Kind, type KpiName, type SideName, type Verdict } from "../duel";
import type { CompareDay, CompareMark, CompareState } from "../feed/types.gen";
import { compact, money, number } from "../format";
import { t, word } from "../i18n";

export function say(kind: Kind, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (kind === "money") return money(value);
  if (kind === "share") return `${number(value * 100, 1)} %`;
  if (kind === "days") return t("compare.d", { n: number(value, 1) });
  if (kind === "kg") return `${number(value, 2)} kg`;
  return number(value);
}

/** A difference with its sign; of shares in percentage points. */
export function gapText(kind: Kind, gap: number | null | undefined): string {
  if (gap === null || gap === undefined) return "–";
  const size = Math.abs(gap);
  const mark = gap > 0 ? "+" : gap < 0 ? "−" : "";
  return mark + (kind === "share" ? t("compare.points", { n: number(size * 100, 1) }) : say(kind, size));
}

const onAxis: Record<Kind, (value: number) => string> = {
  money: (value) => money(value),
  share: (value) => `${number(value * 100)} %`,
  days: (value) => number(value),
  pieces: (value) => compact(value),
  count: (value) => number(value),
  kg: (value) => number(value, 1),
};

/** The shape tells the sign of the difference, full what is better and hollow what is worse. */
function sign(what: Verdict, gap: number | null | undefined): string {
  if (what === "unknown" || gap === null || gap === undefined) return "";
  if (what === "equal") return "=";
  return what === "better" ? (gap > 0 ? "▲" : "▼") : gap > 0 ? "△" : "▽";
}

export function seasonOf(state: CompareState): Season {
  return { startMs: state.start_ms, days: state.days, spans: state.calendar };
}

/** The flips to draw for a side; those of the other side are drawn grey. */
export function flipsOf(marks: readonly CompareMark[], side: SideName | null): Flip[] {
  return marks
    .filter((mark) => mark.kind === "switch")
    .map((mark) => ({ day: mark.day, on: mark.value !== "off" && mark.value !== "line", own: side === null || mark.side === side }));
}

function One(props: { name: KpiName; side: SideName; days: readonly CompareDay[]; season: Season; flips: readonly Flip[]; large?: boolean }) {
  const { name, side, days } = props;
  const { kind } = KPIS[name];
  const own = useMemo(() => course(days, side, name), [days, side, name]);
  const other = useMemo(() => course(days, side === "left" ? "right" : "left", name), [days, side, name]);
  const range = useMemo(() => axis([own, other], kind), [own, other, kind]);
  const at = hovered.value;
  const shown = (at !== null ? own[at] : undefined) ?? own.at(-1);
  const title = word("compare.kpi", name);
  return (
    <div class={props.large ? "trend-box large" : "trend-box"} data-testid={`course-${side}-${name}`}>
      <div class="trend-head"><span>{title}</span><b>{say(kind, shown)}</b></div>
      <Course
        values={own} other={other} range={range} season={props.season} flips={props.flips} format={onAxis[kind]} height={props.large ? 124 : 98}
        label={t("compare.course", { name: title, side: word("compare.side", side), value: say(kind, own.at(-1)), other: say(kind, other.at(-1)) })}
      />
    </div>
  );
}

export function Courses(props: { side: SideName; days: readonly CompareDay[]; season: Season; marks: readonly CompareMark[] }) {
  const flips = useMemo(() => flipsOf(props.marks, props.side), [props.marks, props.side]);
  return (
    <div class="duel-courses">
      {DRAWN.map((name, index) => <One key={name} name={name} side={props.side} days={props.days} season={props.season} flips={flips} large={index === 0} />)}
    </div>
  );
}

/** The difference in profit in one line, beside the controls. */
export function GapNow(props: { last: CompareDay | undefined }) {
  const { last } = props;
  if (last === undefined) return null;
  const gap = last.right.profit_k - last.left.profit_k;
  const what = verdict("profit_k", gap);
  return (
    <span class={`gap-now ${what}`} data-testid="compare-gap-now">
      <span class="minor">{t("compare.gap_now")}</span> <b><span class="gap-sign" aria-hidden="true">{sign(what, gap)}</span> {gapText("money", gap)}</b>
    </span>
  );
}

export function Strip(props: { days: readonly CompareDay[]; season: Season; marks: readonly CompareMark[] }) {
  const { days } = props;
  const [name, setName] = useState<KpiName>("profit_k");
  const { kind, better } = KPIS[name];
  const gaps = useMemo(() => difference(days, name), [days, name]);
  const range = useMemo(() => axis([gaps], kind === "share" ? "kg" : kind), [gaps, kind]);
  const flips = useMemo(() => flipsOf(props.marks, null), [props.marks]);
  const at = hovered.value;
  const gap = (at !== null ? gaps[at] : undefined) ?? gaps.at(-1);
  const what = verdict(name, gap);
  return (
    <section class="card duel-strip" aria-label={t("compare.strip")} data-testid="compare-strip">
      <header class="card-head">
        <h2>{t("compare.strip")}</h2>
        <span class="minor">{t("compare.strip_help")}</span>
        <span class="spring" />
        <select aria-label={t("compare.which")} value={name} data-testid="compare-which" onChange={(event) => setName(event.currentTarget.value as KpiName)}>
          {KPI_NAMES.map((one) => <option key={one} value={one}>{word("compare.kpi", one)}</option>)}
        </select>
      </header>
      <div class="duel-gap">
        <div class={`gap-figure ${what}`} data-testid="compare-gap" data-verdict={what}>
          <span class="minor">{word("compare.kpi", name)}</span>
          <b><span class="gap-sign" aria-hidden="true">{sign(what, gap)}</span> {gapText(kind, gap)}</b>
          <span>{word("compare.verdict", what)}</span>
        </div>
        <Course
          values={gaps} better={better} range={range} season={props.season} flips={flips} height={130}
          format={onAxis[kind]}
          label={t("compare.gap_label", { name: word("compare.kpi", name), value: gapText(kind, gaps.at(-1)) })}
        />
      </div>
    </section>
  );
}

/** Every KPI of both sides in figures: what the charts say, for those who read. */
export function Figures(props: { last: CompareDay | undefined }) {
  const { last } = props;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("compare.figures")}>
      <table class="grid figures" data-testid="compare-figures">
        <thead>
          <tr><th scope="col">{t("compare.col.kpi")}</th><th scope="col" class="num">{t("compare.side.left")}</th><th scope="col" class="num">{t("compare.side.right")}</th><th scope="col" class="num">{t("compare.col.gap")}</th></tr>
        </thead>
        <tbody>
          {KPI_NAMES.map((name) => {
            const { kind } = KPIS[name];
            const [left, right] = [last?.left[name], last?.right[name]];
            const gap = left === null || left === undefined || right === null || right === undefined ? null : right - left;
            const what = verdict(name, gap);
            return (
              <tr key={name}>
                <th scope="row">{word("compare.kpi", name)}</th>
                <td class="num">{say(kind, left)}</td>
                <td class="num">{say(kind, right)}</td>
                <td class={`num gap ${what}`}><span aria-hidden="true">{sign(what, gap)}</span> {gapText(kind, gap)}<span class="hidden"> {word("compare.verdict", what)}</span></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
