/** Where planning stands: the plan in force, what is proposed instead, and who decides. */
import { useState } from "preact/hooks";
import { plans } from "../api";
import type { PlanBoard, PlanChange, PlanFigures, PlanVersion } from "../feed/types.gen";
import { dayTime, duration, number } from "../format";
import { lang, pick, place, t, word } from "../i18n";
import { openOrder } from "../views/order";
import { Empty } from "./drawer";
import { say } from "./toast";

const MINUTE_MS = 60_000;
const SHOWN = 12;

/** Does something to the plan and says what became of it. */
export async function change(what: string, action: () => Promise<unknown>): Promise<void> {
  const note = say("wait", t("control.sent", { what }));
  try {
    await action();
    say("ok", t("control.done", { what, reason: "" }), note);
  } catch (problem) {
    say("bad", t("control.failed", { what, reason: (problem as Error).message }), note);
  }
}

export function reasonOf(version: PlanVersion): string {
  return (lang.value === "zh" && version.reason_zh) || version.reason;
}

function Solver(props: { board: PlanBoard }) {
  const { solver } = props.board;
  const said = pick({ text: solver.reason, text_zh: solver.reason_zh });
  return (
    <p class={solver.state === "failed" ? "empty bad" : "minor"} role="status" data-testid="plan-solver" data-state={solver.state}>
      {word("plan.solver", solver.state)}
      {solver.state === "working" && `: ${t("plan.solver.work", { cpu: number(solver.cpu_s, 1), budget: number(solver.budget_s), n: solver.improvements })}`}
      {said && ` · ${said}`}
      {solver.restarts > 0 && ` · ${t("plan.solver.restarts", { n: solver.restarts })}`}
    </p>
  );
}

function Policy(props: { board: PlanBoard }) {
  const { policy } = props.board;
  return (
    <div class="plan-policy" role="group" aria-label={t("plan.policy")}>
      <div class="segments">
        {(["auto", "ask"] as const).map((accept) => (
          <button
            key={accept}
            type="button"
            aria-pressed={policy.accept === accept}
            data-testid={`plan-policy-${accept}`}
            onClick={() => void change(t(`plan.policy.${accept}`), () => plans.policy(accept))}
          >
            {t(`plan.policy.${accept}`)}
          </button>
        ))}
      </div>
      <span class="minor">{pick(policy)}</span>
    </div>
  );
}

export function Standing(props: { board: PlanBoard }) {
  const { board } = props;
  const { accepted } = board;
  return (
    <section class="card" aria-label={t("plan.standing")} data-testid="plan-standing">
      <header class="card-head">
        <h2>{t("plan.standing")}</h2>
        {accepted && <span class="tag" data-testid="plan-version">{t("plan.version", { n: accepted.version })}</span>}
        {!board.followed && <span class="tag warn" data-testid="plan-not-followed">{t("plan.rules_alone")}</span>}
        <span class="spring" />
        <button type="button" disabled={!board.can_undo} title={t("plan.undo.hint")} data-testid="plan-undo" onClick={() => void change(t("plan.undo"), plans.undo)}>{t("plan.undo")}</button>
      </header>
      {accepted === null ? <Empty text={t("plan.none")} /> : (
        <>
          <p>{reasonOf(accepted)} <small class="minor">{dayTime(accepted.plant_ms)} · {word("plan.by", accepted.by)}</small></p>
          <Figures now={accepted.figures} />
        </>
      )}
      <Policy board={board} />
      <Solver board={board} />
      <Unplanned board={board} />
    </section>
  );
}

function Unplanned(props: { board: PlanBoard }) {
  const entries = Object.entries(props.board.unplanned);
  if (entries.length === 0) return null;
  return (
    <details class="data" data-testid="plan-unplanned">
      <summary>{t("plan.unplanned", { n: entries.length })}</summary>
      <ul class="plain">{entries.slice(0, SHOWN).map(([order, why]) => <li key={order}><b>{order}</b> {why}</li>)}</ul>
    </details>
  );
}

const COSTS = ["tardiness", "setup", "move", "energy"] as const;

/** What a plan costs by its parts; beside another one if there is one. */
export function Figures(props: { now: PlanFigures; next?: PlanFigures }) {
  const { now, next } = props;
  const cell = (value: number | null) => <td class="num">{number(value)}</td>;
  const row = (name: string, a: number | null, b: number | null | undefined, strong = false) => (
    <tr class={strong ? "strong" : ""}>
      <th scope="row">{name}</th>
      {cell(a)}
      {b !== undefined && cell(b)}
    </tr>
  );
  return (
    <table class="grid plan-figures">
      {next && <thead><tr><td /><th scope="col" class="num">{t("plan.now")}</th><th scope="col" class="num">{t("plan.next")}</th></tr></thead>}
      <tbody>
        {row(t("plan.cost"), now.cost, next?.cost, true)}
        {COSTS.filter((name) => now[name] > 0 || (next?.[name] ?? 0) > 0).map((name) => row(t(`plan.cost.${name}`), now[name], next?.[name]))}
        {(now.p50 !== null || (next?.p50 ?? null) !== null) && row(t("plan.p50"), now.p50, next?.p50)}
        {(now.p90 !== null || (next?.p90 ?? null) !== null) && row(t("plan.p90"), now.p90, next?.p90)}
        {row(t("plan.late"), now.late, next?.late)}
      </tbody>
    </table>
  );
}

function shift(minutes: number): string {
  const time = duration(Math.abs(minutes) * MINUTE_MS);
  return minutes > 0 ? t("plan.later_by", { time }) : minutes < 0 ? t("plan.earlier_by", { time }) : t("plan.same_time");
}

function lateness(minutes: number): string {
  return minutes > 0 ? duration(minutes * MINUTE_MS) : t("plan.in_time");
}

function Change(props: { row: PlanChange }) {
  const { row } = props;
  const moved = row.from_line !== row.to_line && row.from_line !== "" && row.to_line !== "";
  return (
    <tr data-testid={`change-${row.order}`}>
      <th scope="row"><button type="button" class="link" onClick={() => openOrder(row.order)}>{row.order}</button></th>
      <td>{word("plan.change", row.kind)}</td>
      <td>{moved ? `${place(row.from_line)} → ${place(row.to_line)}` : place(row.to_line || row.from_line)}</td>
      <td class="num">{row.before_ms !== null && row.after_ms !== null ? shift(row.shift_min) : ""}</td>
      <td class="num">{row.late_before_min > 0 || row.late_after_min > 0 ? `${lateness(row.late_before_min)} → ${lateness(row.late_after_min)}` : ""}</td>
    </tr>
  );
}

const KIND_RANK: Record<string, number> = { moved: 0, new: 1, gone: 2, later: 3, earlier: 4 };

export function Difference(props: { rows: readonly PlanChange[] }) {
  const [all, show] = useState(false);
  const rows = [...props.rows].sort((a, b) => (KIND_RANK[a.kind] ?? 9) - (KIND_RANK[b.kind] ?? 9) || Math.abs(b.shift_min) - Math.abs(a.shift_min));
  if (rows.length === 0) return <Empty text={t("plan.no_difference")} />;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("plan.difference")}>
      <table class="grid" data-testid="plan-difference">
        <thead>
          <tr>
            <th scope="col">{t("plan.order")}</th><th scope="col">{t("plan.what")}</th><th scope="col">{t("plan.line")}</th>
            <th scope="col" class="num">{t("plan.when")}</th><th scope="col" class="num">{t("plan.lateness")}</th>
          </tr>
        </thead>
        <tbody>{rows.slice(0, all ? rows.length : SHOWN).map((row) => <Change key={row.order} row={row} />)}</tbody>
      </table>
      {rows.length > SHOWN && <button type="button" class="small" onClick={() => show(!all)}>{all ? t("plan.fewer") : t("more", { n: rows.length - SHOWN })}</button>}
    </div>
  );
}

/** What would replace the plan in force: why, how it differs, and the choice. */
export function Proposed(props: { board: PlanBoard }) {
  const { board } = props;
  const shown = board.proposal ?? board.provisional;
  if (shown === null) return null;
  const asked = board.proposal !== null;
  return (
    <section class="card proposal" aria-label={t(asked ? "plan.proposal" : "plan.provisional")} data-testid="plan-proposal" data-status={shown.status}>
      <header class="card-head">
        <h2>{t(asked ? "plan.proposal" : "plan.provisional")}</h2>
        <span class="tag">{t("plan.version", { n: shown.version })}</span>
        <span class="minor">{word("trigger", shown.trigger)} · {t("plan.latency", { time: duration(shown.latency_ms) })}</span>
        <span class="spring" />
        <button type="button" class="primary" data-testid="plan-accept" onClick={() => void change(t("plan.accept"), () => plans.accept(shown.version))}>{t("plan.accept")}</button>
        <button type="button" data-testid="plan-reject" onClick={() => void change(t("plan.reject"), () => plans.reject(shown.version))}>{t("plan.reject")}</button>
      </header>
      <p>{reasonOf(shown)} {shown.moved > 0 && <b>{t("plan.moved", { n: shown.moved })}</b>}</p>
      <div class="plan-pair">
        {board.accepted ? <Figures now={board.accepted.figures} next={shown.figures} /> : <Figures now={shown.figures} />}
        <Difference rows={board.difference} />
      </div>
    </section>
  );
}

export function History(props: { board: PlanBoard }) {
  const { history } = props.board;
  return (
    <section class="card" aria-label={t("plan.history")}>
      <header class="card-head"><h2>{t("plan.history")}</h2></header>
      {history.length === 0 && <Empty text={t("plan.history_none")} />}
      <ul class="plain scroll plan-history" tabIndex={0} aria-label={t("plan.history")} data-testid="plan-history">
        {history.map((one) => (
          <li key={`${one.version} ${one.status}`}>
            <span class={`chip ${one.status}`}>{word("plan.status", one.status)}</span>
            <span><b>{t("plan.version", { n: one.version })}</b> {reasonOf(one)}</span>
            <small class="minor">{dayTime(one.plant_ms)} · {word("plan.by", one.by)} · {t("plan.cost")} {number(one.figures.cost)}</small>
          </li>
        ))}
      </ul>
    </section>
  );
}
