/** What was foretold and what came of it: predictions of the twin, planned against actual finish. */
import { useGet } from "../api";
import type { LineError, PlanActual, PlanCandidate, PlanPrediction } from "../feed/types.gen";
import { dayTime, duration, number, percent } from "../format";
import { place, t, word } from "../i18n";
import { openOrder } from "../views/order";
import { Empty } from "./drawer";

const MINUTE_MS = 60_000;
const SHOWN = 14;

export function signedMinutes(minutes: number): string {
  const time = duration(Math.abs(minutes) * MINUTE_MS);
  return minutes > 0 ? `+${time}` : minutes < 0 ? `\u2212${time}` : time;
}

/** Median and nine of ten, on one scale for all candidates. */
function Spread(props: { one: PlanCandidate; most: number }) {
  const { one, most } = props;
  const x = (value: number) => (96 * value) / most;
  return (
    <svg class="spread" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <rect class="range" x={x(one.p50)} y={4} width={Math.max(0.6, x(one.p90) - x(one.p50))} height={4} />
      <path class="mid" d={`M${x(one.p50)} 1v10`} />
    </svg>
  );
}

function Prediction(props: { one: PlanPrediction }) {
  const { one } = props;
  const most = Math.max(1, ...one.candidates.map((candidate) => candidate.p90));
  return (
    <li>
      <p>
        <b>{t("plan.version", { n: one.version })}</b> {word("trigger", one.trigger)}: {t("plan.twin.chose", { name: word("plan.candidate", one.chosen), runs: one.runs })}{" "}
        <small class="minor">{dayTime(one.plant_ms)}</small>
      </p>
      <ul class="candidates">
        {one.candidates.map((candidate) => (
          <li key={candidate.name} class={candidate.name === one.chosen ? "chosen" : ""}>
            <span>{word("plan.candidate", candidate.name)}</span>
            <Spread one={candidate} most={most} />
            <span class="num" title={t("plan.twin.spread")}>{number(candidate.p50)} / {number(candidate.p90)}</span>
          </li>
        ))}
      </ul>
      <p class="minor">
        {one.realised > 0
          ? t("plan.twin.realised", { n: one.realised, of: one.predicted, error: signedMinutes(Math.round(one.mean_error_min ?? 0)), covered: percent(one.covered_p90) })
          : t("plan.twin.waiting", { of: one.predicted })}
      </p>
    </li>
  );
}

function Lines(props: { lines: readonly LineError[] }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("plan.check")}>
    <table class="grid" data-testid="plan-lines">
      <thead><tr><th scope="col">{t("plan.line")}</th><th scope="col" class="num">{t("plan.check.orders")}</th><th scope="col" class="num">{t("plan.check.error")}</th><th scope="col" class="num">{t("plan.check.efficiency")}</th></tr></thead>
      <tbody>
        {props.lines.map((line) => (
          <tr key={line.line}>
            <th scope="row">{place(line.line)}</th><td class="num">{number(line.orders)}</td>
            <td class="num">{signedMinutes(Math.round(line.mean_error_min))}</td><td class="num">{percent(line.efficiency)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    </div>
  );
}

function Actuals(props: { rows: readonly PlanActual[] }) {
  return (
    <div class="scroll tall" tabIndex={0} role="group" aria-label={t("plan.check.actuals")}>
      <table class="grid" data-testid="plan-actuals">
        <thead><tr><th scope="col">{t("plan.order")}</th><th scope="col">{t("plan.line")}</th><th scope="col">{t("plan.check.planned")}</th><th scope="col">{t("plan.check.actual")}</th><th scope="col" class="num">{t("plan.check.error")}</th></tr></thead>
        <tbody>
          {props.rows.slice(0, SHOWN * 3).map((row) => (
            <tr key={row.order}>
              <th scope="row"><button type="button" class="link" onClick={() => openOrder(row.order)}>{row.order}</button></th>
              <td>{place(`${row.site}/${row.line}`)}</td><td>{dayTime(row.planned_end_ms)}</td>
              <td>{row.actual_end_ms > 0 ? dayTime(row.actual_end_ms) : t("plan.check.running")}</td>
              <td class="num">{row.actual_end_ms > 0 ? signedMinutes(row.error_min) : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Check(props: { again: unknown }) {
  const found = useGet("GET /api/plan/predictions", "/api/plan/predictions", props.again);
  if (found.data === null) return <section class="card"><Empty bad={found.error !== ""} text={found.error || t("loading")} /></section>;
  const { predictions, actuals, lines } = found.data;
  return (
    <div class="split even">
      <section class="card" aria-label={t("plan.twin")} data-testid="plan-twin">
        <header class="card-head"><h2>{t("plan.twin")}</h2><span class="minor">{t("plan.twin.hint")}</span></header>
        {predictions.length === 0 && <Empty text={t("plan.twin.none")} />}
        <ul class="plain predictions">{predictions.slice(0, SHOWN).map((one) => <Prediction key={one.version} one={one} />)}</ul>
      </section>
      <section class="card" aria-label={t("plan.check")} data-testid="plan-check">
        <header class="card-head"><h2>{t("plan.check")}</h2><span class="minor">{t("plan.check.hint")}</span></header>
        {actuals.length === 0 ? <Empty text={t("plan.check.none")} /> : <><Lines lines={lines} /><Actuals rows={actuals} /></>}
      </section>
    </div>
  );
}
