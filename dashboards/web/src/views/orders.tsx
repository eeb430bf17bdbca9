/** Orders: a table with filters, and the plan as a Gantt. */
import { useState } from "preact/hooks";
import { EChart } from "../charts/echart";
import { ROW_HEIGHT, ganttOption, rowsOf } from "../charts/gantt";
import { live, useTopics } from "../feed/topics";
import type { OrderRow } from "../feed/types.gen";
import { dayTime, number } from "../format";
import { place, t, word } from "../i18n";
import { Empty } from "../parts/drawer";
import { openOrder } from "./order";

const OPEN_ORDER = ["received", "promised", "cutting", "in_transit", "queued", "sewing", "sewn", "packed"];
const ALL_STATES = [...OPEN_ORDER, "delivered", "refused"];
const PAGE = 60;
const NOW_STEP_MS = 900_000;

type Filter = { text: string; state: string; kind: string; late: boolean };

function matches(row: OrderRow, filter: Filter): boolean {
  if (filter.state === "open" ? !OPEN_ORDER.includes(row.state) : filter.state !== "all" && row.state !== filter.state) return false;
  if (filter.kind === "rush" ? row.weight < 5 : filter.kind !== "all" && row.kind !== filter.kind) return false;
  if (filter.late && !row.late) return false;
  const text = filter.text.trim().toLowerCase();
  return text === "" || `${row.order} ${row.seller} ${row.style} ${row.colour} ${row.site}/${row.line}`.toLowerCase().includes(text);
}

function Filters(props: { filter: Filter; set: (filter: Filter) => void }) {
  const { filter, set } = props;
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>{t("orders.search")} <input type="search" value={filter.text} data-testid="order-search" onInput={(event) => set({ ...filter, text: event.currentTarget.value })} /></label>
      <label>{t("orders.state")}{" "}
        <select value={filter.state} onChange={(event) => set({ ...filter, state: event.currentTarget.value })}>
          <option value="open">{t("orders.open")}</option>
          <option value="all">{t("orders.all")}</option>
          {ALL_STATES.map((state) => <option key={state} value={state}>{word("order_state", state)}</option>)}
        </select>
      </label>
      <label>{t("orders.kind")}{" "}
        <select value={filter.kind} onChange={(event) => set({ ...filter, kind: event.currentTarget.value })}>
          <option value="all">{t("orders.all")}</option>
          <option value="seller">{word("order_kind", "seller")}</option>
          <option value="replenishment">{word("order_kind", "replenishment")}</option>
          <option value="rush">{t("orders.rush")}</option>
        </select>
      </label>
      <label class="check"><input type="checkbox" checked={filter.late} onChange={(event) => set({ ...filter, late: event.currentTarget.checked })} /> {t("orders.only_late")}</label>
    </form>
  );
}

function Progress(props: { row: OrderRow }) {
  const share = Math.min(1, props.row.sewn / Math.max(1, props.row.pieces));
  return (
    <span class="progress">
      <svg class="bar" viewBox="0 0 48 8" width={48} height={8} aria-hidden="true">
        <rect class="bar-back" width={48} height={8} rx={2} />
        <rect class="bar-fill" width={48 * share} height={8} rx={2} />
      </svg>{" "}
      {number(props.row.sewn)} / {number(props.row.pieces)}
    </span>
  );
}

function Row(props: { row: OrderRow }) {
  const { row } = props;
  return (
    <tr data-testid={`order-${row.order}`}>
      <th scope="row"><button type="button" class="link" onClick={() => openOrder(row.order)}>{row.order}</button></th>
      <td class="for">{row.weight >= 5 && <span class="chip">{t("orders.rush")}</span>} {row.kind === "seller" ? row.seller : word("order_kind", row.kind)}</td>
      <td class="style">{row.style} {row.colour}</td>
      <td class="place">{row.site ? place(`${row.site}/${row.line}`) : t("orders.undecided")}</td>
      <td class="state">{word("order_state", row.state)}</td>
      <td class="num sewn"><Progress row={row} /></td>
      <td class="num due" data-name={t("orders.col.due")}>{dayTime(row.due_ms)}</td>
      <td class="num promised" data-name={t("orders.col.promised")}>{dayTime(row.promised_ms)}</td>
      <td class="late">{row.late && <span class="late-tag">{t("orders.late")}</span>}</td>
    </tr>
  );
}

function Table() {
  const [filter, setFilter] = useState<Filter>({ text: "", state: "open", kind: "all", late: false });
  const [limit, setLimit] = useState(PAGE);
  const rows = live.orders.entries().map(([, row]) => row);
  const found = rows.filter((row) => matches(row, filter)).sort((a, b) => b.placed_ms - a.placed_ms);
  const columns = ["order", "seller", "style", "place", "state", "progress", "due", "promised"] as const;
  return (
    <section class="card" aria-label={t("nav.orders")}>
      <Filters filter={filter} set={(next) => { setFilter(next); setLimit(PAGE); }} />
      <p class="minor">{t("orders.count", { n: number(found.length), all: number(rows.length) })}</p>
      {rows.length === 0 && <Empty text={live.orders.loaded.value ? t("orders.empty") : t("loading")} />}
      {rows.length > 0 && found.length === 0 && <Empty text={t("orders.none_match")} />}
      {found.length > 0 && (
        <div class="scroll tall" tabIndex={0} role="group" aria-label={t("orders.table")}>
          <table class="grid orders" data-testid="orders">
            <thead><tr>{columns.map((name) => <th key={name} scope="col" class={["progress", "due", "promised"].includes(name) ? "num" : ""}>{t(`orders.col.${name}`)}</th>)}<td /></tr></thead>
            <tbody>{found.slice(0, limit).map((row) => <Row key={row.order} row={row} />)}</tbody>
          </table>
        </div>
      )}
      {found.length > limit && <button type="button" onClick={() => setLimit(limit + PAGE)}>{t("more", { n: found.length - limit })}</button>}
    </section>
  );
}

function Gantt() {
  const plan = live.plan.value.value;
  if (plan === null || plan.bars.length === 0) return <Empty text={t("gantt.empty")} />;
  // The plan keeps the time of its making; "now" goes on, in steps that a reader can see.
  const clock = live.clock.value.value?.plant_ms ?? 0;
  const now = Math.max(plan.now_ms, clock - (clock % NOW_STEP_MS));
  const late = plan.bars.filter((bar) => bar.late).length;
  return (
    <EChart
      option={() => ganttOption(plan, now)}
      on={[plan, now]}
      height={70 + rowsOf(plan).length * ROW_HEIGHT}
      label={t("gantt.label", { bars: plan.bars.length, rows: rowsOf(plan).length, late })}
      onPick={openOrder}
    />
  );
}

export function OrdersView() {
  useTopics("orders", "plan", "clock");
  return (
    <>
      <h1>{t("nav.orders")}</h1>
      <section class="card" aria-label={t("gantt.title")} data-testid="gantt">
        <header class="card-head">
          <h2>{t("gantt.title")}</h2>
          <span class="spring" />
          <ul class="legend">
            <li><i class="swatch now" /> {word("order_state", "sewing")}</li>
            <li><i class="swatch next" /> {word("order_state", "queued")}</li>
            <li><i class="swatch later" /> {t("gantt.later")}</li>
            <li><i class="swatch setup" /> {word("state", "setup")}</li>
            <li><i class="swatch hatch" /> {t("orders.late")}</li>
          </ul>
        </header>
        <Gantt />
      </section>
      <Table />
    </>
  );
}
