/** KPI tiles: a value, its unit, and where it has been going. */
import type { KpiItem } from "../feed/types.gen";
import { measure } from "../format";
import { t, word } from "../i18n";

/** A small line without axes; the last point is marked. Nothing is drawn for gaps. */
export function Spark(props: { values: readonly (number | null)[]; width?: number; height?: number }) {
  const { width = 96, height = 26 } = props;
  // Nights before the first value would only squeeze what there is to see.
  const first = props.values.findIndex((value) => value !== null);
  const values = first < 0 ? [] : props.values.slice(first);
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2) return <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true" />;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const x = (index: number) => 2 + (index / Math.max(1, values.length - 1)) * (width - 6);
  const y = (value: number) => (high === low ? height / 2 : height - 3 - ((value - low) / (high - low)) * (height - 6));
  let path = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (value === null) pen = "M";
    else {
      path += `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
    }
  });
  const last = values.findLastIndex((value) => value !== null);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} width={width} height={height} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
      <circle cx={x(last)} cy={y(values[last] as number)} r={2} />
    </svg>
  );
}

export function kpiHelp(item: KpiItem): string {
  const standard = item.iso22400 ? t("kpi.iso", { name: word("kpi.isoname", item.name) }) : t("kpi.not_iso");
  return `${word("kpi.formula", item.name)}\n${standard}`;
}

export function KpiTile(props: { item: KpiItem; big?: boolean }) {
  const { item, big } = props;
  const { text, unit } = measure(item.value, item.unit);
  return (
    <div class={big ? "kpi big" : "kpi"} data-testid={`kpi-${item.name}`} title={kpiHelp(item)}>
      <div class="kpi-name">{word("kpi", item.name)}</div>
      <div class="kpi-row">
        <div class="kpi-value"><b>{text}</b>{unit && <small> {unit}</small>}</div>
        <Spark values={item.trend} width={big ? 150 : 84} height={big ? 40 : 24} />
      </div>
      {big && <p class="kpi-formula">{word("kpi.formula", item.name)}</p>}
      {big && <p class="kpi-iso">{item.iso22400 ? t("kpi.iso", { name: word("kpi.isoname", item.name) }) : t("kpi.not_iso")}</p>}
    </div>
  );
}
