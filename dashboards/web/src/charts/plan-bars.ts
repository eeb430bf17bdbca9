/** Plans as bars of the Gantt: the chart knows one shape, plans bring more than it draws. */
import type { Plan, PlanBar, PlannedOrder } from "../feed/types.gen";

export const lineOf = (order: { site: string; line: string }): string => `${order.site}/${order.line}`;

function bar(order: PlannedOrder): PlanBar {
  return {
    order: order.order,
    site: order.site,
    line: order.line,
    start_ms: order.sew_ms,
    end_ms: Math.max(order.end_ms, order.sew_ms + 1),
    // A set-up that is left at the end of a shift goes on in the morning: its own length is drawn.
    setup_ms: Math.max(0, Math.min(order.sew_ms - order.start_ms, order.setup_min * 60_000)),
    state: order.state,
    late: order.late_min > 0,
    style: `${order.locked ? "🔒 " : ""}${order.style}`,
  };
}

export function barsOf(orders: readonly PlannedOrder[], nowMs: number): Plan {
  return { now_ms: nowMs, bars: orders.map(bar) };
}

/** Orders that lie elsewhere in the other plan, where they lie in this one. */
export function leftBehind(from: readonly PlannedOrder[], to: readonly PlannedOrder[]): PlannedOrder[] {
  const there = new Map(to.map((order) => [order.order, order]));
  return from.filter((order) => {
    const other = there.get(order.order);
    return other === undefined || lineOf(other) !== lineOf(order) || Math.abs(other.sew_ms - order.sew_ms) >= 60_000;
  });
}
