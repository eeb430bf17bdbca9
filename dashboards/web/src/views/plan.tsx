/** The plan: what is in force, what is proposed instead, changes by hand, and how plans came out. */
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useGet } from "../api";
import { EChart } from "../charts/echart";
import { ROW_HEIGHT, ganttOption, rowsOf } from "../charts/gantt";
import { barsOf, leftBehind, lineOf } from "../charts/plan-bars";
import { live, useTopics } from "../feed/topics";
import type { PlanBar, PlannedOrder } from "../feed/types.gen";
import { number } from "../format";
import { t, word } from "../i18n";
import { Empty } from "../parts/drawer";
import { History, Proposed, Standing } from "../parts/plan-board";
import { Check } from "../parts/plan-check";
import { Editor, chosen } from "../parts/plan-edit";
import { PromiseForm } from "../parts/promise";

const NOW_STEP_MS = 15 * 60_000;

type Shown = "accepted" | "proposal";
const wanted = signal<Shown | null>(null);

function pickOrder(id: string): void {
  chosen.value = id;
}

function Legend(props: { ghosts: boolean }) {
  return (
    <ul class="legend">
      <li><i class="swatch now" /> {word("order_state", "sewing")}</li>
      <li><i class="swatch next" /> {word("order_state", "queued")}</li>
      <li><i class="swatch later" /> {t("gantt.later")}</li>
      <li><i class="swatch setup" /> {word("state", "setup")}</li>
      <li><i class="swatch hatch" /> {t("orders.late")}</li>
      {props.ghosts && <li><i class="swatch ghost" /> {t("plan.before")}</li>}
    </ul>
  );
}

/** What runs is in no plan: nothing can be decided about it. It is shown from the state of the lines. */
function running(planned: readonly PlannedOrder[]): PlanBar[] {
  const known = new Set(planned.map((one) => one.order));
  return live.plan.value.value?.bars.filter((bar) => bar.state === "sewing" && !known.has(bar.order)) ?? [];
}

function Chart(props: { accepted: readonly PlannedOrder[]; other: readonly PlannedOrder[] }) {
  const { accepted, other } = props;
  const shown: Shown = other.length === 0 ? "accepted" : (wanted.value ?? "proposal");
  const clock = live.clock.value.value?.plant_ms ?? 0;
  const now = clock - (clock % NOW_STEP_MS);
  const orders = shown === "accepted" ? accepted : other;
  const state = live.plan.value.value;
  const plan = useMemo(() => ({ now_ms: now, bars: [...running(orders), ...barsOf(orders, now).bars] }), [orders, now, state]);
  const ghosts = useMemo(() => (shown === "proposal" ? barsOf(leftBehind(accepted, other), now).bars : []), [shown, accepted, other, now]);
  const rows = rowsOf({ now_ms: now, bars: [...plan.bars, ...ghosts] });
  const late = plan.bars.filter((bar) => bar.late).length;
  return (
    <section class="card" aria-label={t("plan.gantt")} data-testid="plan-gantt" data-shown={shown}>
      <header class="card-head">
        <h2>{t("plan.gantt")}</h2>
        {other.length > 0 && (
          <div class="segments" role="group" aria-label={t("plan.gantt")}>
            {(["accepted", "proposal"] as const).map((name) => (
              <button key={name} type="button" aria-pressed={shown === name} data-testid={`plan-show-${name}`} onClick={() => (wanted.value = name)}>{t(`plan.show.${name}`)}</button>
            ))}
          </div>
        )}
        <span class="spring" />
        <Legend ghosts={ghosts.length > 0} />
      </header>
      {plan.bars.length === 0 ? <Empty text={t("gantt.empty")} /> : (
        <EChart
          option={() => ganttOption(plan, now, ghosts)}
          on={[plan, ghosts, now]}
          height={70 + rows.length * ROW_HEIGHT}
          label={t("gantt.label", { bars: number(plan.bars.length), rows: rows.length, late })}
          onPick={pickOrder}
        />
      )}
    </section>
  );
}

function styles(): string[] {
  return [...new Set(live.orders.entries().map(([, row]) => row.style))].sort();
}

export function PlanView() {
  useTopics("board", "plan_bars", "plan_proposal", "orders", "clock", "floor", "plan");
  const board = live.board.value.value;
  const version = live.plan_bars.version.value;
  const accepted = useMemo(() => live.plan_bars.entries().map(([, one]) => one), [version]);
  const other = live.plan_proposal.value.value?.bars ?? [];
  const floor = useGet("GET /api/floor", "/api/floor", live.floor.keys.value.length);
  const sites = floor.data?.sites ?? [];
  const lines = sites.flatMap((site) => site.lines.map((line) => lineOf({ site: site.site, line: line.line })));
  const regions = [...new Set(sites.map((site) => site.region))].sort();
  return (
    <div class="plan-view">
      <h1>{t("nav.plan")}</h1>
      {board === null ? <section class="card"><Empty text={t("plan.waiting")} /></section> : (
        <>
          <Proposed board={board} />
          <Chart accepted={accepted} other={other} />
          <div class="split even">
            <Standing board={board} />
            <Editor orders={other.length > 0 ? other : accepted} lines={lines} locked={board.locked} />
          </div>
          <PromiseForm styles={styles()} regions={regions} />
          <Check again={board.accepted?.version ?? 0} />
          <History board={board} />
        </>
      )}
    </div>
  );
}
