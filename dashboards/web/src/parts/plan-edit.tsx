/** Changing a plan by hand: move, exchange, lock. Every change is weighed at once, and can be refused. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { plans } from "../api";
import { lineOf } from "../charts/plan-bars";
import type { PlanEdit, PlanEdited, PlannedOrder } from "../feed/types.gen";
import { dayTime, number } from "../format";
import { pick, place, t } from "../i18n";
import { openOrder } from "../views/order";

/** The order that is being edited; empty: none. */
export const chosen = signal("");

const last = signal<PlanEdited | null>(null);

async function send(edit: PlanEdit): Promise<void> {
  try {
    last.value = await plans.edit(edit);
  } catch (problem) {
    const reason = (problem as Error).message;
    last.value = { ok: false, reason, reason_zh: reason, cost_before: 0, cost_after: null, version: 0 };
  }
}

function Outcome() {
  const edited = last.value;
  if (edited === null) return null;
  const said = pick({ text: edited.reason, text_zh: edited.reason_zh });
  return (
    <p class={edited.ok ? "minor" : "empty bad"} role="status" data-testid="plan-edited" data-ok={edited.ok}>
      {said} {edited.ok && edited.cost_after !== null && t("plan.edit.cost", { before: number(edited.cost_before), after: number(edited.cost_after) })}
    </p>
  );
}

function Move(props: { order: PlannedOrder; orders: readonly PlannedOrder[]; lines: readonly string[] }) {
  const { order, orders, lines } = props;
  const [line, setLine] = useState(lineOf(order));
  const there = orders.filter((one) => lineOf(one) === line && one.order !== order.order).sort((a, b) => a.sew_ms - b.sew_ms);
  const [position, setPosition] = useState(there.filter((one) => one.sew_ms < order.sew_ms).length);
  const at = Math.min(position, there.length);
  return (
    <fieldset>
      <legend>{t("plan.edit.move")}</legend>
      <label>{t("plan.line")}{" "}
        <select value={line} onChange={(event) => setLine(event.currentTarget.value)} data-testid="plan-edit-line">
          {lines.map((key) => <option key={key} value={key}>{place(key)}</option>)}
        </select>
      </label>
      <label>{t("plan.edit.place")}{" "}
        <select value={String(at)} onChange={(event) => setPosition(Number(event.currentTarget.value))} data-testid="plan-edit-position">
          <option value="0">{t("plan.edit.first")}</option>
          {there.map((one, index) => <option key={one.order} value={String(index + 1)}>{t("plan.edit.after", { order: one.order })}</option>)}
        </select>
      </label>
      <button type="button" data-testid="plan-edit-move" onClick={() => void send({ kind: "move", order: order.order, line, position: at, other: "" })}>{t("plan.edit.do_move")}</button>
    </fieldset>
  );
}

function Exchange(props: { order: PlannedOrder; orders: readonly PlannedOrder[] }) {
  const { order } = props;
  const others = props.orders.filter((one) => one.order !== order.order && !one.frozen);
  const [other, setOther] = useState("");
  const picked = others.some((one) => one.order === other) ? other : (others[0]?.order ?? "");
  if (picked === "") return null;
  return (
    <fieldset>
      <legend>{t("plan.edit.swap")}</legend>
      <label>{t("plan.edit.with")}{" "}
        <select value={picked} onChange={(event) => setOther(event.currentTarget.value)} data-testid="plan-edit-other">
          {others.map((one) => <option key={one.order} value={one.order}>{one.order} · {place(lineOf(one))}</option>)}
        </select>
      </label>
      <button type="button" data-testid="plan-edit-swap" onClick={() => void send({ kind: "swap", order: order.order, other: picked, line: "", position: 0 })}>{t("plan.edit.do_swap")}</button>
    </fieldset>
  );
}

export function Editor(props: { orders: readonly PlannedOrder[]; lines: readonly string[]; locked: readonly string[] }) {
  const { orders, lines, locked } = props;
  const order = orders.find((one) => one.order === chosen.value);
  const known = [...orders].sort((a, b) => a.order.localeCompare(b.order));
  const isLocked = order !== undefined && locked.includes(order.order);
  return (
    <section class="card plan-edit" aria-label={t("plan.edit")} data-testid="plan-edit">
      <header class="card-head"><h2>{t("plan.edit")}</h2><span class="minor">{t("plan.edit.hint")}</span></header>
      <label class="filters">{t("plan.order")}{" "}
        <select value={chosen.value} onChange={(event) => (chosen.value = event.currentTarget.value)} data-testid="plan-edit-order">
          <option value="">{t("plan.edit.choose")}</option>
          {known.map((one) => <option key={one.order} value={one.order}>{one.order} · {one.style} · {number(one.pieces)}</option>)}
        </select>
      </label>
      {order !== undefined && (
        <>
          <p>
            {place(lineOf(order))}, {dayTime(order.sew_ms)} – {dayTime(order.end_ms)}
            {order.frozen && <b> {t("plan.frozen")}</b>}{" "}
            <button type="button" class="link" onClick={() => openOrder(order.order)}>{t("plan.why")}</button>
          </p>
          <div class="plan-tools">
            <Move key={order.order} order={order} orders={orders} lines={lines} />
            <Exchange key={`with ${order.order}`} order={order} orders={orders} />
            <fieldset>
              <legend>{t("plan.edit.lock")}</legend>
              <button type="button" data-testid="plan-edit-lock" aria-pressed={isLocked} onClick={() => void send({ kind: isLocked ? "unlock" : "lock", order: order.order, line: "", position: 0, other: "" })}>
                {t(isLocked ? "plan.edit.unlock" : "plan.edit.do_lock")}
              </button>
            </fieldset>
          </div>
        </>
      )}
      <Outcome />
    </section>
  );
}
