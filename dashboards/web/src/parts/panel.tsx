/** Panels that a Python person declared in TOML: a topic or a query, and how to draw it. */
import { useEffect, useState } from "preact/hooks";
import { query, useGet } from "../api";
import { EChart, axisStyle } from "../charts/echart";
import { isTopic, live, sensor, useTopics, type Sample } from "../feed/topics";
import { Trend } from "../charts/trend";
import type { Panel } from "../feed/types.gen";
import { DASH, short } from "../format";
import { lang, place, t, word } from "../i18n";
import { colour } from "../theme";
import { Empty } from "./drawer";

/** Topics whose keys are places. */
const PLACES = ["lines", "floor"];

type Table = { columns: string[]; rows: unknown[][] };

/** Walks "a.b" into a payload. */
function dig(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at !== null && typeof at === "object" ? (at as Record<string, unknown>)[key] : undefined), value);
}

function record(name: string, value: unknown, fields: readonly string[]): unknown[] {
  return [name, ...fields.map((field) => dig(value, field))];
}

/** Rows of a topic: a key and its fields for set, an entry for app, one row or one list for put. */
function fromTopic(panel: Panel): Table {
  const columns = [t("panel.key"), ...panel.fields];
  if (!isTopic(panel.topic)) return { columns, rows: [] };
  const store = live[panel.topic];
  if ("entries" in store) {
    const rows = (store.entries() as [string, unknown][]).map(([key, value]) => record(key, value, panel.fields));
    return { columns, rows: rows.sort((a, b) => String(a[0]).localeCompare(String(b[0]))) };
  }
  if ("items" in store) return { columns, rows: store.items.value.map((item) => record("", item, panel.fields)) };
  const value: unknown = store.value.value;
  return { columns, rows: value === null ? [] : [record("", value, panel.fields)] };
}

function useTable(panel: Panel): { table: Table; error: string } {
  const [table, setTable] = useState<Table>({ columns: [], rows: [] });
  const [error, setError] = useState("");
  useEffect(() => {
    if (panel.sql === "") return;
    let gone = false;
    const ask = () => {
      if (document.hidden) return;
      query(panel.sql, 500).then(
        (found) => { if (!gone) { setTable(found); setError(""); } },
        (problem: Error) => gone || setError(problem.message),
      );
    };
    ask();
    const timer = setInterval(ask, Math.max(1, panel.every_s) * 1_000);
    return () => { gone = true; clearInterval(timer); };
  }, [panel.sql, panel.every_s]);
  return panel.sql === "" ? { table: fromTopic(panel), error: "" } : { table, error };
}

/** Numbers as everywhere on the page; states and places in the reader's language. */
function text(value: unknown, panel: Panel, column: string | undefined): string {
  if (typeof value === "number") return short(value);
  if (value === null || value === undefined) return DASH;
  if (column === "state") return word("order_state", String(value));
  if (column === t("panel.key") && PLACES.includes(panel.topic)) return place(String(value));
  return String(value);
}

/** Name of a column: the panel's own if it has one. */
function label(panel: Panel, column: string | undefined): string {
  const own = column === t("panel.key") ? "key" : (column ?? "");
  return (lang.value === "zh" && panel.labels_zh[own]) || panel.labels[own] || (column ?? "");
}

const numeric = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** Column that names the rows, and columns that hold the values. */
function shape(panel: Panel, table: Table): { names: number; values: number[] } {
  const values = panel.fields.map((field) => table.columns.indexOf(field)).filter((at) => at >= 0);
  const names = table.columns.findIndex((_, at) => !values.includes(at));
  return { names: Math.max(0, names), values };
}

function Bars(props: { panel: Panel; table: Table; title: string }) {
  const { panel, table, title } = props;
  const { names, values } = shape(panel, table);
  const shades = ["bar-strong", "bar-next", "setup"];
  return (
    <EChart
      height={Math.max(160, 40 + table.rows.length * 16 * values.length)}
      label={title}
      on={[JSON.stringify(table.rows)]}
      option={() => ({
        grid: { left: 4, right: 16, top: 6, bottom: 4, containLabel: true },
        xAxis: { type: "value", ...axisStyle() },
        yAxis: { type: "category", inverse: true, data: table.rows.map((row) => text(row[names], panel, table.columns[names])), ...axisStyle() },
        series: values.map((at, index) => ({ id: String(at), name: label(panel, table.columns[at]), type: "bar", data: table.rows.map((row) => numeric(row[at])), itemStyle: { color: colour(shades[index % shades.length] as string) } })),
      })}
    />
  );
}

function Lines(props: { panel: Panel; table: Table }) {
  const { panel, table } = props;
  const { names, values } = shape(panel, table);
  const at = (row: unknown[], index: number): number => {
    const value = row[names];
    const time = typeof value === "number" ? value : Date.parse(`${String(value)}Z`);
    return Number.isFinite(time) ? time : index;
  };
  return (
    <>
      {values.map((column) => {
        const samples = table.rows.map((row, index): Sample => [at(row, index), numeric(row[column])]);
        return <Trend key={column} samples={samples.sort((a, b) => a[0] - b[0])} label={label(panel, table.columns[column])} unit={panel.unit} height={150} />;
      })}
    </>
  );
}

function Numbers(props: { panel: Panel; table: Table }) {
  const { panel, table } = props;
  const { values } = shape(panel, table);
  const row = table.rows.at(-1) ?? [];
  return (
    <div class="numbers">
      {values.map((at) => <div key={at} class="kpi-value"><b>{text(row[at], panel, table.columns[at])}</b> <small>{panel.unit}</small>{values.length > 1 && <span class="minor"> {label(panel, table.columns[at])}</span>}</div>)}
    </div>
  );
}

function Rows(props: { panel: Panel; table: Table; title: string }) {
  const { panel } = props;
  const { columns, rows } = props.table;
  const kind = (at: number): string => (rows.some((row) => typeof row[at] === "number") ? "num" : "");
  return (
    <div class="scroll tall" tabIndex={0} role="group" aria-label={props.title}>
      <table class="grid">
        <thead><tr>{columns.map((name, at) => <th key={name} scope="col" class={kind(at)}>{label(panel, name)}</th>)}</tr></thead>
        <tbody>{rows.slice(-200).map((row, index) => <tr key={index}>{row.map((value, at) => <td key={at} class={kind(at)}>{text(value, panel, columns[at])}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

function Sensor(props: { panel: Panel; title: string }) {
  const samples = sensor(props.panel.topic.slice("sensor:".length)).items.value;
  return samples.length === 0 ? <Empty text={t("panel.empty")} /> : <Trend samples={samples} label={props.title} unit={props.panel.unit} height={150} />;
}

function Drawing(props: { panel: Panel; title: string }) {
  const { panel, title } = props;
  const { table, error } = useTable(panel);
  if (error) return <Empty bad text={error} />;
  if (panel.topic.startsWith("sensor:")) return <Sensor panel={panel} title={title} />;
  if (table.rows.length === 0) return <Empty text={t("panel.empty")} />;
  switch (panel.chart) {
    case "bar": return <Bars panel={panel} table={table} title={title} />;
    case "line": return <Lines panel={panel} table={table} />;
    case "number": return <Numbers panel={panel} table={table} />;
    case "table": return <Rows panel={panel} table={table} title={title} />;
  }
}

function PanelCard(props: { panel: Panel }) {
  const { panel } = props;
  useTopics(...(panel.topic ? [panel.topic] : []));
  const title = (lang.value === "zh" && panel.title_zh) || panel.title;
  return (
    <section class="card panel" aria-label={title} data-testid={`panel-${panel.id}`}>
      <header class="card-head"><h2>{title}</h2></header>
      <Drawing panel={panel} title={title} />
    </section>
  );
}

export function Panels() {
  const found = useGet("GET /api/panels", "/api/panels");
  const panels = found.data?.panels ?? [];
  return (
    <>
      <h2 class="section">{t("panel.title")}</h2>
      {found.error && <Empty bad text={found.error} />}
      {!found.error && panels.length === 0 && !found.loading && <Empty text={t("panel.none")} />}
      <div class="panel-grid">{panels.map((panel) => <PanelCard key={panel.id} panel={panel} />)}</div>
    </>
  );
}
