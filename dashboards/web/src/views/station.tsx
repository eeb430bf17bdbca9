/** A station's drawer: what it does, and its sensors as small multiples, live. */
import { useEffect, useState } from "preact/hooks";
import { getJson, useGet } from "../api";
import { Trend } from "../charts/trend";
import { live, sensor, useTopics, type Sample } from "../feed/topics";
import type { FloorStation, ReadingList } from "../feed/types.gen";
import { number, short, unitText } from "../format";
import { place, t, word } from "../i18n";
import { breakMachine, busy } from "../parts/controls";
import { Block, Empty, Facts, openDrawer } from "../parts/drawer";
import { StateMark } from "../parts/glyph";

const HISTORY = 600;

/** History by HTTP, then live samples as they come; samples that are in both are shown once. */
function merge(history: readonly Sample[], fresh: readonly Sample[]): Sample[] {
  const last = history.at(-1)?.[0] ?? 0;
  return [...history, ...fresh.filter(([ts]) => ts > last)].slice(-HISTORY);
}

export function SensorTrend(props: { id: string; unit: string }) {
  const { id } = props;
  const unit = unitText(props.unit);
  const topic = `sensor:${id}`;
  useTopics(topic);
  const [history, setHistory] = useState<readonly Sample[]>([]);
  const [error, setError] = useState("");
  useEffect(() => {
    const abort = new AbortController();
    const parts = id.split("/");
    const [site, metric, device] = [parts[0] ?? "", parts.at(-1) ?? "", parts.at(-2) ?? ""];
    const node = parts.slice(1, -2).join("/");
    const query = new URLSearchParams({ site, node, device, metric, last: String(HISTORY) });
    getJson<ReadingList>(`/api/readings?${query.toString()}`, abort.signal).then(
      (found) => setHistory(found.points),
      (problem: Error) => abort.signal.aborted || setError(problem.message),
    );
    return () => abort.abort();
  }, [id]);
  const samples = merge(history, sensor(id).items.value);
  const name = id.split("/").at(-1) ?? "";
  const last = samples.at(-1)?.[1] ?? null;
  return (
    <div class="trend-box" data-testid={`trend-${name}`}>
      <div class="trend-head"><span>{word("metric", name)}</span><b>{short(last)} <small>{unit}</small></b></div>
      {error ? <Empty bad text={error} /> : <Trend samples={samples} label={word("metric", name)} unit={unit} />}
    </div>
  );
}

function StationBody(props: { site: string; line: string; station: FloorStation }) {
  const { site, line, station } = props;
  useTopics("floor");
  const key = `${site}/${line}/${station.id}`;
  const state = live.floor.cell(key).value;
  // The live topic leaves out the signals of stations: there are too many to send to everybody.
  const all = useGet("GET /api/devices", "/api/devices");
  const node = all.data?.devices[`${site}/${line}`];
  const metrics = Object.entries(node?.metrics ?? {}).filter(([name]) => name.startsWith(`${station.id}/`));
  return (
    <>
      <p class="state-line"><StateMark state={state?.state ?? null} /> <b>{word("state", state?.state ?? "off")}</b></p>
      <Facts
        items={[
          [t("station.place"), place(key)],
          [t("station.machine"), word("machine", station.machine)],
          [t("station.order"), state?.order || t("none")],
          [t("station.op"), state?.op || t("none")],
          [t("station.pieces"), number(state?.pieces)],
        ]}
      />
      <p>
        <button type="button" disabled={busy.value.has("break_machine")} onClick={() => breakMachine(key)}>{t("station.break")}</button>
      </p>
      <Block title={t("station.sensors")}>
        {all.error && <Empty bad text={all.error} />}
        {!all.error && metrics.length === 0 && <Empty text={t(all.loading ? "loading" : "station.no_sensors")} />}
        <div class="multiples">
          {metrics.map(([name, metric]) => <SensorTrend key={name} id={`${site}/${line}/${name}`} unit={metric.unit} />)}
        </div>
      </Block>
    </>
  );
}

/** The station's own name; a name that only repeats its id is said in the reader's language. */
export function stationName(station: FloorStation): string {
  const own = station.name !== "" && station.name !== station.id && station.name !== `Station ${station.id}`;
  return own ? station.name : t("station.name", { id: station.id });
}

function StationFound(props: { at: string }) {
  const floor = useGet("GET /api/floor", "/api/floor");
  const [site = "", line = "", id = ""] = props.at.split("/");
  const lines = floor.data?.sites.find((one) => one.site === site)?.lines;
  const station = lines?.find((one) => one.line === line)?.stations.find((one) => one.id === id);
  if (floor.error) return <Empty bad text={floor.error} />;
  if (station === undefined) return <Empty text={t(floor.loading ? "loading" : "station.unknown")} />;
  return <StationBody site={site} line={line} station={station} />;
}

/** Opens a station that is known by its path `site/line/station` only. */
export function openStationAt(at: string): void {
  openDrawer(`station ${at}`, () => place(at), () => <StationFound at={at} />);
}

export function openStation(site: string, line: string, station: FloorStation): void {
  openDrawer(`station ${site}/${line}/${station.id}`, () => stationName(station), () => <StationBody site={site} line={line} station={station} />);
}
