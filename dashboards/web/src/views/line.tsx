/** One sewing line: its tile and its hanger loop with every station. */
import { useRef, useState } from "preact/hooks";
import { live } from "../feed/topics";
import type { FloorLine, FloorStation, LineState } from "../feed/types.gen";
import { number, percent, sent } from "../format";
import { t, word } from "../i18n";
import { StateMark, StationShape, type State } from "../parts/glyph";
import { openStation, stationName } from "./station";

const PITCH = 42;
const ROWS_Y = [22, 66] as const;
const HEIGHT = 88;
const shortId = (id: string): string => id.replace(/^\D+0?(?=\d)/, "");

type Place = { station: FloorStation; x: number; y: number };

/** Stations on a loop: out along the upper rail, back along the lower one. */
function layout(stations: readonly FloorStation[]): { places: Place[]; width: number } {
  const columns = Math.max(1, Math.ceil(stations.length / 2));
  const places = stations.map((station, index) => {
    const upper = index < columns;
    const column = upper ? index : 2 * columns - 1 - index;
    return { station, x: 34 + column * PITCH, y: upper ? ROWS_Y[0] : ROWS_Y[1] };
  });
  return { places, width: columns * PITCH + 28 };
}

function Station(props: { site: string; line: string; place: Place; index: number; focus: boolean; onFocus: () => void }) {
  const { site, line, place } = props;
  const key = `${site}/${line}/${place.station.id}`;
  const now = live.floor.cell(key).value;
  const state: State | null = now?.state ?? null;
  const open = () => openStation(site, line, place.station);
  // The number that is seen comes first, so that who speaks to the page can say what is read.
  const label = `${shortId(place.station.id)}: ${stationName(place.station)}, ${word("state", state ?? "off")}`;
  return (
    <g
      class="station"
      role="button"
      tabIndex={props.focus ? 0 : -1}
      aria-label={label}
      data-state={state ?? "unknown"}
      data-index={props.index}
      data-testid={`station-${key}`}
      transform={`translate(${place.x} ${place.y})`}
      onClick={open}
      onFocus={props.onFocus}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        open();
      }}
    >
      <title>{label}</title>
      <rect class="st-hit" x={-20} y={-20} width={40} height={40} rx={6} />
      <StationShape state={state} label={shortId(place.station.id)} />
    </g>
  );
}

/** One tab stop for each line; arrow keys walk along it. */
function Loop(props: { site: string; line: FloorLine }) {
  const { site, line } = props;
  const { places, width } = layout(line.stations);
  const [at, setAt] = useState(0);
  const svg = useRef<SVGSVGElement>(null);
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (at + step + places.length) % places.length;
    setAt(next);
    svg.current?.querySelector<SVGGElement>(`[data-index="${next}"]`)?.focus();
  };
  const [top, bottom] = ROWS_Y;
  return (
    <svg ref={svg} class="loop" viewBox={`0 0 ${width} ${HEIGHT}`} role="group" aria-label={t("floor.stations_of", { site: word("site", site), line: line.line })} onKeyDown={walk}>
      <path class="hanger" d={`M8 ${top}H${width - 18}A10 10 0 0 1 ${width - 8} ${top + 10}V${bottom - 10}A10 10 0 0 1 ${width - 18} ${bottom}H8`} />
      <path class="hanger-end" d={`M4 ${top - 5}l8 5-8 5z`} />
      {places.map((place, index) => (
        <Station key={place.station.id} site={site} line={line.line} place={place} index={index} focus={index === at} onFocus={() => setAt(index)} />
      ))}
    </svg>
  );
}

/** The same on a phone: what is not normal by name, the rest in numbers and behind a fold. */
function StationList(props: { site: string; line: FloorLine }) {
  const { site, line } = props;
  live.floor.version.value;
  const rows = line.stations.map((station) => ({
    station,
    state: live.floor.cell(`${site}/${line.line}/${station.id}`).peek()?.state ?? null,
  }));
  const count = new Map<string, number>();
  for (const row of rows) count.set(row.state ?? "off", (count.get(row.state ?? "off") ?? 0) + 1);
  const button = (row: (typeof rows)[number]) => (
    <li key={row.station.id}>
      <button type="button" class="station-row" data-state={row.state ?? "unknown"} onClick={() => openStation(site, line.line, row.station)}>
        <StateMark state={row.state} label={shortId(row.station.id)} />
        <span>{stationName(row.station)}</span>
        <span class="minor">{word("state", row.state ?? "off")}</span>
      </button>
    </li>
  );
  const abnormal = rows.filter((row) => row.state === "down" || row.state === "setup");
  return (
    <div class="station-list">
      {abnormal.length > 0 && <ul>{abnormal.map(button)}</ul>}
      <details>
        <summary>{[...count].map(([state, n]) => `${n} ${word("state", state)}`).join(" · ")}</summary>
        <ul>{rows.map(button)}</ul>
      </details>
    </div>
  );
}

function RawChips(props: { place: string }) {
  const [site, line] = props.place.split("/");
  const mine = live.devices.entries().filter(([id, device]) => {
    const levels = id.split("/");
    return device.source === "raw" && levels[0] === site && levels[2] === line;
  });
  return (
    <>
      {mine.slice(0, 3).map(([id, device]) => (
        <span key={id} class="chip raw-chip" title={id}>
          <span class="raw-mark" aria-hidden="true">◆</span> {id.split("/").pop()}{" "}
          {Object.values(device.metrics).slice(0, 1).map((metric) => <b key="v">{sent(metric.value)}</b>)}
        </span>
      ))}
    </>
  );
}

/** Efficiency as a bar on a scale to 120 %, with a tick at the target of 100 %. */
function EfficiencyBar(props: { value: number | null }) {
  const width = Math.max(0, Math.min(1.2, props.value ?? 0)) / 1.2;
  return (
    <svg class="bar" viewBox="0 0 60 8" width={60} height={8} aria-hidden="true">
      <rect class="bar-back" width={60} height={8} rx={2} />
      <rect class="bar-fill" width={60 * width} height={8} rx={2} />
      <path class="bar-tick" d="M50 0v8" />
    </svg>
  );
}

function Tile(props: { site: string; line: FloorLine; state: LineState | null }) {
  const { line, state } = props;
  const orders = state?.orders ?? [];
  return (
    <div class="line-tile">
      <h3>{line.line}</h3>
      <span class={state?.style ? "style" : "minor"}>{state?.style || t("floor.no_style")}</span>
      {state?.open !== false && orders.slice(0, 1).map((order) => <span key={order} class="minor order-id">{order}{orders.length > 1 ? ` +${orders.length - 1}` : ""}</span>)}
      {state !== null && !state.open && <span class="chip">{t("floor.closed")}</span>}
      <RawChips place={`${props.site}/${line.line}`} />
      <span class="spring" />
      <span title={t("floor.queue_help")}><small>{t("floor.queue")}</small> <b>{number(state?.queue.length)}</b></span>
      <span title={t("floor.wip_help")}><small>{t("floor.wip")}</small> <b data-testid={`wip-${props.site}/${line.line}`}>{number(state?.wip)}</b></span>
      <span class="eff" title={t("kpi.line_efficiency")}><small>{t("floor.efficiency")}</small> <EfficiencyBar value={state?.efficiency ?? null} /> <b>{percent(state?.efficiency)}</b></span>
    </div>
  );
}

export function LineRow(props: { site: string; line: FloorLine; list: boolean }) {
  const { site, line } = props;
  const state = live.lines.cell(`${site}/${line.line}`).value;
  return (
    <div class={state !== null && !state.open ? "line closed" : "line"} data-testid={`line-${site}/${line.line}`}>
      <Tile site={site} line={line} state={state} />
      {props.list ? <StationList site={site} line={line} /> : <Loop site={site} line={line} />}
    </div>
  );
}
