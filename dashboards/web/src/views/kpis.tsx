/** KPIs: tiles with trends and formulas, line by line, the history of one, and declared panels. */
import { useState } from "preact/hooks";
import { useGet } from "../api";
import { Trend } from "../charts/trend";
import { live, useTopics, type Sample } from "../feed/topics";
import type { KpiBoard, KpiItem } from "../feed/types.gen";
import { duration, number, percent } from "../format";
import { place as placeName, t, word } from "../i18n";
import { Empty } from "../parts/drawer";
import { KpiTile } from "../parts/kpi";
import { Panels } from "../parts/panel";

function Lines(props: { chosen: string; choose: (key: string) => void }) {
  const rows = live.lines.entries().sort(([a], [b]) => a.localeCompare(b));
  if (rows.length === 0) return <Empty text={live.lines.loaded.value ? t("floor.empty") : t("loading")} />;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("kpis.by_line")}>
      <table class="grid" data-testid="kpi-lines">
        <thead>
          <tr>
            {(["line", "style", "efficiency", "oee", "pieces", "wip", "power"] as const).map((name, at) => <th key={name} scope="col" class={at > 1 ? "num" : ""}>{t(`kpis.col.${name}`)}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(([key, line]) => (
            <tr key={key} class={key === props.chosen ? "chosen" : ""}>
              <th scope="row"><button type="button" class="link" aria-pressed={key === props.chosen} onClick={() => props.choose(key)}>{placeName(key)}</button></th>
              <td>{line.style || t("none")}</td>
              <td class="num">{percent(line.efficiency)}</td>
              <td class="num">{percent(line.oee)}</td>
              <td class="num">{number(line.pieces_today)}</td>
              <td class="num">{number(line.wip)}</td>
              <td class="num">{number(line.power_kw, 1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Course(props: { name: string; unit: string; points: Sample[] }) {
  const share = props.unit === "1";
  const samples = share ? props.points.map(([at, value]): Sample => [at, value === null ? null : value * 100]) : props.points;
  return <Trend samples={samples} label={word("kpi", props.name)} unit={share ? "%" : props.unit} height={220} />;
}

/** The whole maker: its windows come with the tiles. */
function MakerHistory(props: { board: KpiBoard; item: KpiItem | undefined }) {
  const { board, item } = props;
  const all = item?.trend.map((value, index): Sample => [board.ends_ms[index] ?? 0, value]) ?? [];
  const points = all.slice(Math.max(0, all.findIndex(([, value]) => value !== null)));
  if (item === undefined || points.length === 0) return <Empty text={t("kpis.no_history")} />;
  return <Course name={item.name} unit={item.unit} points={points} />;
}

function LineHistory(props: { place: string; name: string; window: number }) {
  const [site = "", line = ""] = props.place.split("/");
  const query = new URLSearchParams({ name: props.name, site, line });
  const found = useGet("GET /api/kpis", `/api/kpis?${query.toString()}`, props.window);
  if (found.error) return <Empty bad text={found.error} />;
  const points = found.data?.points.filter((point) => point.site === site && point.line === line) ?? [];
  if (points.length === 0) return <Empty text={found.loading ? t("loading") : t("kpis.no_history")} />;
  return <Course name={props.name} unit={points[0]?.unit ?? ""} points={points.map((point): Sample => [point.window_end_ms, point.value])} />;
}

export function KpisView() {
  useTopics("kpi", "lines");
  const board = live.kpi.value.value;
  const items = board?.items.filter((item) => item.site === "") ?? [];
  const [name, setName] = useState("line_efficiency");
  const [place, setPlace] = useState("");
  return (
    <>
      <h1>{t("nav.kpis")}</h1>
      {items.length === 0 && <Empty text={t("kpi.empty")} />}
      <div class="kpi-board" data-testid="kpi-board">{items.map((item) => <KpiTile key={item.name} item={item} big />)}</div>
      {board !== null && <p class="minor">{t("kpis.window", { time: duration(board.window_ms) })}</p>}
      <div class="split even">
        <section class="card" aria-label={t("kpis.by_line")}>
          <header class="card-head"><h2>{t("kpis.by_line")}</h2></header>
          <Lines chosen={place} choose={(key) => setPlace(key === place ? "" : key)} />
        </section>
        <section class="card" aria-label={t("kpis.history")}>
          <header class="card-head">
            <h2>{t("kpis.history")}</h2>
            <span class="minor">{place ? placeName(place) : t("kpis.all")}</span>
            <span class="spring" />
            <select aria-label={t("kpis.which")} value={name} onChange={(event) => setName(event.currentTarget.value)}>
              {items.map((item) => <option key={item.name} value={item.name}>{word("kpi", item.name)}</option>)}
            </select>
          </header>
          {board === null && <Empty text={t("loading")} />}
          {board !== null && place === "" && <MakerHistory board={board} item={items.find((item) => item.name === name)} />}
          {board !== null && place !== "" && <LineHistory place={place} name={name} window={board.ends_ms.at(-1) ?? 0} />}
        </section>
      </div>
      <Panels />
    </>
  );
}
