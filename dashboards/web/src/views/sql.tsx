/** A box for one SELECT over the run's tables, with examples to start from. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { query } from "../api";
import type { QueryResult } from "../feed/types.gen";
import { t, word } from "../i18n";
import { Empty } from "../parts/drawer";
import { ResultTable } from "../parts/rows";

const EXAMPLES: readonly (readonly [string, string])[] = [
  ["pieces", "SELECT site, node, count(*) FILTER (last) AS garments, round(avg(sewing_ms) / 1000, 1) AS seconds_per_operation\nFROM pieces\nGROUP BY ALL\nORDER BY garments DESC"],
  ["decisions", "SELECT plant_ts, trigger, order_id, site, line, reason, latency_ms\nFROM decisions\nORDER BY wall_ts DESC\nLIMIT 20"],
  ["latency", "SELECT c.name, count(*) AS commands, median(epoch_ms(r.wall_ts) - epoch_ms(c.issued_wall_ts)) AS median_ms\nFROM commands c JOIN command_results r USING (command_id)\nGROUP BY ALL\nORDER BY commands DESC"],
  ["downtime", "SELECT ts, site, node, station, state, cause\nFROM station_events\nWHERE state IN ('down', 'up')\nORDER BY ts DESC\nLIMIT 50"],
  ["raw", "SELECT source_ts, wall_ts, site, node, device, metric, value\nFROM readings\nWHERE source = 'raw'\nORDER BY wall_ts DESC\nLIMIT 50"],
  ["scores", "SELECT origin_ts, model, horizon_days, pinball, coverage_80, bias\nFROM forecast_scores\nORDER BY scored_ts DESC\nLIMIT 20"],
  ["tables", "SELECT table_name, estimated_size AS rows\nFROM duckdb_tables()\nORDER BY rows DESC"],
];

// Outside the component, so that a look at another view does not lose what was typed.
const text = signal(EXAMPLES[0]?.[1] ?? "");
const result = signal<QueryResult | null>(null);
const error = signal("");
const running = signal(false);

async function run(): Promise<void> {
  running.value = true;
  error.value = "";
  try {
    result.value = await query(text.value, 1_000);
  } catch (problem) {
    result.value = null;
    error.value = (problem as Error).message;
  } finally {
    running.value = false;
  }
}

export function SqlView() {
  useEffect(() => {
    if (result.peek() === null && error.peek() === "" && !running.peek()) void run();
  }, []);
  return (
    <>
      <h1>{t("nav.sql")}</h1>
      <section class="card" aria-label={t("nav.sql")}>
        <p class="minor">{t("sql.intro")}</p>
        <div class="examples" role="group" aria-label={t("sql.examples")}>
          {EXAMPLES.map(([name, sql]) => (
            <button key={name} type="button" class="small" onClick={() => { text.value = sql; void run(); }}>{word("sql.example", name)}</button>
          ))}
        </div>
        <textarea
          class="code sql"
          rows={7}
          spellcheck={false}
          aria-label={t("sql.statement")}
          data-testid="sql"
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void run();
          }}
        />
        <p><button type="button" class="primary" disabled={running.value || text.value.trim() === ""} data-testid="sql-run" onClick={() => void run()}>{t("sql.run")}</button> <small class="minor">{t("sql.keys")}</small></p>
        {error.value && <Empty bad text={error.value} />}
        {running.value && result.value === null && <Empty text={t("loading")} />}
        {result.value !== null && <ResultTable result={result.value} />}
      </section>
    </>
  );
}
