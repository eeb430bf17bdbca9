/** Why an order lies where it lies in the plan, what makes it late, and how the plan came out. */
import { useGet } from "../api";
import type { LatenessPart, PlanOrder, PlanSentence } from "../feed/types.gen";
import { dayTime, duration } from "../format";
import { pick, t, word } from "../i18n";
import { Block } from "./drawer";
import { signedMinutes } from "./plan-check";

const MINUTE_MS = 60_000;
const TOPICS = ["where", "when", "earlier", "displaced", "late"] as const;

/** A sentence begins large, unless its first word is the name of an order or a line. */
const sentence = (text: string): string => (/^[a-z]+[ ,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);

function Sentences(props: { said: readonly PlanSentence[] }) {
  return (
    <dl class="why">
      {TOPICS.map((topic) => {
        const mine = props.said.filter((one) => one.topic === topic);
        return mine.length === 0 ? null : (
          <div key={topic} data-testid={`why-${topic}`}>
            <dt>{t(`plan.why.${topic}`)}</dt>
            <dd>{mine.map((one, index) => <p key={index}>{sentence(pick(one))}</p>)}</dd>
          </div>
        );
      })}
    </dl>
  );
}

function Lateness(props: { parts: readonly LatenessPart[] }) {
  const parts = props.parts.filter((part) => part.minutes !== 0);
  const all = parts.reduce((sum, part) => sum + Math.max(part.minutes, 0), 0);
  if (parts.length === 0 || all === 0) return null;
  return (
    <ul class="lateness" data-testid="why-lateness">
      {parts.map((part) => (
        <li key={part.cause}>
          <span>{word("plan.cause", part.cause)}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class={`cause ${part.cause}`} width={(100 * Math.max(part.minutes, 0)) / all} height={10} /></svg>
          <span class="num">{duration(part.minutes * MINUTE_MS)}</span>
          <small class="minor">{pick(part)}</small>
        </li>
      ))}
    </ul>
  );
}

function Told(props: { data: PlanOrder }) {
  const { data } = props;
  const { planned, actual } = data;
  return (
    <>
      {data.unplanned && <p class="empty bad">{data.unplanned}</p>}
      {planned && (
        <p>
          {t("plan.why.planned", { start: dayTime(planned.sew_ms), end: dayTime(planned.end_ms) })}
          {planned.p50_ms !== null && planned.p90_ms !== null && ` ${t("plan.why.chance", { p50: dayTime(planned.p50_ms), p90: dayTime(planned.p90_ms) })}`}
          {data.delivery_p90_ms !== null && ` ${t("plan.why.delivery", { p90: dayTime(data.delivery_p90_ms) })}`}
        </p>
      )}
      {actual && actual.actual_end_ms > 0 && (
        <p data-testid="why-actual">{t("plan.why.actual", { planned: dayTime(actual.planned_end_ms), actual: dayTime(actual.actual_end_ms), error: signedMinutes(actual.error_min) })}</p>
      )}
      <Sentences said={data.explanation} />
      <Lateness parts={data.lateness} />
    </>
  );
}

export function PlanWhy(props: { id: string; again: unknown }) {
  const found = useGet("GET /api/plan/order/{order}", `/api/plan/order/${encodeURIComponent(props.id)}`, props.again);
  if (found.status === 404 || (found.data === null && !found.error)) return null;
  return (
    <Block title={t("plan.why.title")}>
      {found.error && <p class="empty bad">{found.error}</p>}
      {found.data && <Told data={found.data} />}
    </Block>
  );
}
