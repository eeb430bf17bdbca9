/** An order's drawer: its life, why it went where it went, and what was commanded. */
import { useGet } from "../api";
import { live, useTopics } from "../feed/topics";
import type { CommandStatus, Decision, OrderDetail, OrderRow } from "../feed/types.gen";
import { dayTime, duration, number } from "../format";
import { lang, place, t, word } from "../i18n";
import { Block, Empty, Facts, openDrawer } from "../parts/drawer";
import { PlanWhy } from "../parts/plan-why";
import { openRow } from "../parts/rows";

const LIFE = ["received", "promised", "cutting", "in_transit", "queued", "sewing", "sewn", "packed", "delivered"];

function Life(props: { row: OrderRow; detail: OrderDetail | null }) {
  const { row, detail } = props;
  const at = LIFE.indexOf(row.state);
  const times = new Map<string, number>();
  for (const event of detail?.events ?? []) if (!times.has(event.state)) times.set(event.state, event.ts_ms);
  if (!times.has("received")) times.set("received", row.placed_ms);
  return (
    <ol class="life">
      {LIFE.map((state, index) => (
        <li key={state} class={index < at ? "done" : index === at ? "done now" : ""} aria-current={index === at ? "step" : undefined}>
          <span class="step-dot" aria-hidden="true" />
          <span>{word("order_state", state)}</span>
          <time class="minor">{times.has(state) ? dayTime(times.get(state) as number) : ""}</time>
        </li>
      ))}
    </ol>
  );
}

function Reason(props: { decision: Decision }) {
  const { decision } = props;
  const text = (lang.value === "zh" && decision.reason_zh) || decision.reason;
  return (
    <li>
      <p>{text}</p>
      <p class="minor">
        {dayTime(decision.plant_ms)} · {word("control", decision.action)} · {t("order.trigger", { what: word("trigger", decision.trigger) })} · {t("order.took", { time: duration(decision.latency_ms) })}
      </p>
    </li>
  );
}

function Command(props: { command: CommandStatus }) {
  const { command } = props;
  const sql = `SELECT c.command_id, c.node, c.name, c.args, c.plant_ts, r.status, r.reason, r.plant_ts AS done_plant_ts\nFROM commands c LEFT JOIN command_results r USING (command_id)\nWHERE c.command_id = '${command.command_id.replaceAll("'", "''")}'`;
  const took = command.done_wall_ms > 0 ? duration(command.done_wall_ms - command.issued_wall_ms) : "";
  return (
    <li>
      <p>
        <b>{word("control", command.name)}</b> → {place(command.node)}: {word("command_state", command.status)} {took && <small class="minor">{took}</small>}{" "}
        <button type="button" class="link" onClick={() => openRow(sql, () => t("row.of", { what: command.name }))}>{t("row.open")}</button>
      </p>
      {command.reason && <p class="minor">{command.reason}</p>}
    </li>
  );
}

function OrderBody(props: { id: string }) {
  useTopics("orders");
  const row = live.orders.cell(props.id).value;
  const detail = useGet("GET /api/orders/{order}", `/api/orders/${encodeURIComponent(props.id)}`, `${row?.state} ${row?.line}`);
  const shown = row ?? detail.data?.order ?? null;
  if (shown === null) return <Empty bad={detail.error !== ""} text={detail.error || t("loading")} />;
  const { data } = detail;
  const sizes = Object.entries(data?.sizes ?? {}).map(([size, n]) => `${size} ${number(n)}`).join(" · ");
  return (
    <>
      <Facts
        items={[
          [t("orders.col.seller"), shown.kind === "seller" ? shown.seller : word("order_kind", shown.kind)],
          [t("orders.col.style"), `${shown.style} ${shown.colour}`],
          [t("order.pieces"), `${number(shown.pieces)}${sizes ? ` (${sizes})` : ""}`],
          [t("orders.col.place"), shown.site ? place(`${shown.site}/${shown.line}`) : t("orders.undecided")],
          [t("orders.col.due"), dayTime(shown.due_ms)],
          [t("orders.col.promised"), dayTime(shown.promised_ms)],
          [t("order.weight"), number(shown.weight)],
          [t("order.sewn"), `${number(shown.sewn)} / ${number(shown.delivered)}`],
        ]}
      />
      {detail.error && <Empty bad text={detail.error} />}
      <Block title={t("order.why")}>
        {data !== null && data.decisions.length > 0 ? (
          <ul class="plain">{data.decisions.map((one) => <Reason key={one.decision_id} decision={one} />)}</ul>
        ) : (
          <p>{(lang.value === "zh" && shown.reason_zh) || shown.reason || t("order.no_decision")}</p>
        )}
      </Block>
      <PlanWhy id={props.id} again={`${row?.state} ${row?.line}`} />
      <Block title={t("order.life")}><Life row={shown} detail={data} /></Block>
      <Block title={t("order.commands")}>
        {data !== null && data.commands.length > 0 ? <ul class="plain">{data.commands.map((one) => <Command key={one.command_id} command={one} />)}</ul> : <p class="minor">{t("order.no_commands")}</p>}
      </Block>
      <Block title={t("order.events")}>
        {data !== null && data.events.length > 0 ? (
          <ul class="plain">{data.events.map((one, index) => <li key={index}><time class="minor">{dayTime(one.ts_ms)}</time> {word("order_state", one.state)} · {number(one.pieces)} {t("unit.pieces")} · {place(one.node)}</li>)}</ul>
        ) : (
          <p class="minor">{t("order.no_events")}</p>
        )}
      </Block>
    </>
  );
}

export function openOrder(id: string): void {
  openDrawer(`order ${id}`, () => t("order.title", { id }), () => <OrderBody id={id} />);
}
