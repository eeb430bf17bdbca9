/** Trend alarms: styles that sell at another rate than they did; all others are grey. */
import { useGet } from "../api";
import type { StyleTrend, TrendAlarm, TrendAlarms } from "../feed/types.gen";
import { day, number, short } from "../format";
import { lang, t } from "../i18n";
import { Empty } from "./drawer";
import { Spark } from "./kpi";

const SHOWN = 4;
const OLDER = 40;

/** An arrow says the direction, a filled one that it is new: colour is not alone. */
function Arrow(props: { alarm: TrendAlarm | null }) {
  const { alarm } = props;
  const shape = alarm === null ? <circle cx={8} cy={8} r={2} /> : <path d={alarm.direction === "up" ? "M8 1.5L15 14H1z" : "M8 14.5L1 2h14z"} />;
  return <svg class={alarm?.recent ? "arrow new" : "arrow"} viewBox="0 0 16 16" width={14} height={14} aria-hidden="true">{shape}</svg>;
}

const told = (alarm: TrendAlarm): string => (lang.value === "zh" && alarm.reason_zh) || alarm.reason;

function Alarm(props: { alarm: TrendAlarm; style: StyleTrend | undefined }) {
  const { alarm, style } = props;
  return (
    <li class={alarm.recent ? "trend-alarm new" : "trend-alarm"} data-testid={alarm.recent ? "trend-new" : "trend-old"}>
      <Arrow alarm={alarm} />
      <div>
        <b>{alarm.style}</b> <span class="tag">{t(alarm.direction === "up" ? "trend_alarm.up" : "trend_alarm.down")}</span>{" "}
        <span class="num">{short(alarm.before)} → {short(alarm.after)}</span> <span class="minor">{t("trend_alarm.per_day")}</span>
        <p>{told(alarm)}</p>
        <p class="minor">{t("trend_alarm.dates", { change: day(alarm.change_ms), alarm: day(alarm.alarm_ms), strength: number(alarm.strength, 1) })}</p>
      </div>
      {style && <Spark values={style.weeks} width={110} height={30} />}
    </li>
  );
}

function Alarms(props: { alarms: readonly TrendAlarm[]; styles: readonly StyleTrend[] }) {
  return (
    <ul class="trend-list">
      {props.alarms.map((one) => <Alarm key={`${one.style} ${one.alarm_ms}`} alarm={one} style={props.styles.find((style) => style.style === one.style)} />)}
    </ul>
  );
}

function Styles(props: { data: TrendAlarms }) {
  const { styles, alarms } = props.data;
  const recent = new Map(alarms.filter((one) => one.recent).map((one) => [one.style, one]));
  return (
    <details class="data">
      <summary>{t("trend_alarm.watched", { n: styles.length })}</summary>
      <ul class="style-list">
        {styles.map((one) => (
          <li key={one.style}>
            <Arrow alarm={recent.get(one.style) ?? null} />
            <span>{one.style}</span>
            <span class="num">{short(one.per_day)}</span>
            <Spark values={one.weeks} width={84} height={18} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Found(props: { data: TrendAlarms }) {
  const { data } = props;
  const recent = data.alarms.filter((one) => one.recent);
  const older = data.alarms.filter((one) => !one.recent);
  return (
    <>
      {recent.length === 0 && <Empty text={t("trend_alarm.quiet", { n: data.styles.length })} />}
      <Alarms alarms={recent.slice(0, SHOWN)} styles={data.styles} />
      {recent.length > SHOWN && (
        <details class="data">
          <summary>{t("trend_alarm.more", { n: recent.length - SHOWN })}</summary>
          <Alarms alarms={recent.slice(SHOWN)} styles={data.styles} />
        </details>
      )}
      {older.length > 0 && (
        <details class="data">
          <summary>{t("trend_alarm.older", { n: older.length })}</summary>
          <Alarms alarms={older.slice(0, OLDER)} styles={data.styles} />
        </details>
      )}
      <Styles data={data} />
      <p class="minor">{t("trend_alarm.help", { rate: number(1 / data.false_alarms_per_year) })}</p>
    </>
  );
}

export function TrendsCard(props: { again: unknown }) {
  const found = useGet("GET /api/forecast/alarms", "/api/forecast/alarms", props.again);
  const { data } = found;
  return (
    <section class="card" aria-label={t("trend_alarm.title")} data-testid="trends">
      <header class="card-head"><h2>{t("trend_alarm.title")}</h2><span class="spring" />{data !== null && data.days > 0 && <span class="minor">{t("trend_alarm.days", { n: data.days })}</span>}</header>
      {found.error && <Empty bad text={found.error} />}
      {!found.error && data === null && <Empty text={t("loading")} />}
      {data !== null && data.days <= data.first_days && <Empty text={t("trend_alarm.wait", { n: data.first_days, days: data.days })} />}
      {data !== null && data.days > data.first_days && <Found data={data} />}
    </section>
  );
}
