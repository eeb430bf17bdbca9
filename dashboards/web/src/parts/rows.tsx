/** Tables of query results, and the drawer that shows the row behind a statement. */
import { useEffect, useState } from "preact/hooks";
import { query } from "../api";
import type { QueryResult } from "../feed/types.gen";
import { number } from "../format";
import { t } from "../i18n";
import { Empty, openDrawer } from "./drawer";

function cell(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function ResultTable(props: { result: QueryResult }) {
  const { columns, rows, ms } = props.result;
  return (
    <>
      <p class="minor">{t("sql.summary", { rows: number(rows.length), ms: number(ms, ms < 10 ? 1 : 0) })}</p>
      <div class="scroll" tabIndex={0} role="group" aria-label={t("sql.result")}>
        <table class="grid" data-testid="result">
          <thead><tr>{columns.map((name, at) => <th key={name} scope="col" class={typeof rows[0]?.[at] === "number" ? "num" : ""}>{name}</th>)}</tr></thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index}>
                {row.map((value, at) => (
                  <td key={at} class={typeof value === "number" ? "num" : value === null ? "minor" : ""}>{cell(value)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** One row, turned on its side: a column per line is easier to read in a drawer. */
function Upright(props: { result: QueryResult }) {
  const { columns, rows } = props.result;
  return (
    <>
      {rows.slice(0, 20).map((row, index) => (
        <dl class="facts upright" key={index}>
          {columns.map((name, at) => (
            <div key={name}><dt>{name}</dt><dd>{cell(row[at])}</dd></div>
          ))}
        </dl>
      ))}
    </>
  );
}

function RowView(props: { sql: string }) {
  const [result, setResult] = useState<QueryResult | null>(null);
  const [error, setError] = useState("");
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let gone = false;
    setError("");
    query(props.sql, 50).then(
      (found) => gone || setResult(found),
      (problem: Error) => gone || setError(problem.message),
    );
    return () => { gone = true; };
  }, [props.sql, tries]);
  return (
    <>
      <p class="minor">{t("row.intro")}</p>
      <pre class="code">{props.sql}</pre>
      {error && <Empty bad text={error} />}
      {result === null && !error && <Empty text={t("loading")} />}
      {result !== null && result.rows.length === 0 && <Empty text={t("row.not_yet")} />}
      {result !== null && result.rows.length > 0 && <Upright result={result} />}
      <p><button type="button" onClick={() => setTries(tries + 1)}>{t("row.again")}</button></p>
    </>
  );
}

export function openRow(sql: string, what: () => string): void {
  openDrawer(`row ${sql}`, what, () => <RowView sql={sql} />);
}
