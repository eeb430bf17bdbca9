/** The landing view: KPIs, every plant, line and station by state, and what is happening now. */
import { signal } from "@preact/signals";
import { useGet } from "../api";
import { live, useTopics } from "../feed/topics";
import type { FloorSite } from "../feed/types.gen";
import { number } from "../format";
import { t, word } from "../i18n";
import { Empty } from "../parts/drawer";
import { STATES, StateMark } from "../parts/glyph";
import { JoinPanel, RawDevice, rawDevices } from "../parts/join";
import { KpiTile } from "../parts/kpi";
import { OrderStrip } from "../parts/strip";
import { TracePanel } from "../parts/trace";
import { LineRow } from "./line";

const STRIP_KPIS = ["oee", "line_efficiency", "throughput_per_h", "wip", "lead_time_h", "on_time_delivery", "energy_per_piece_kwh"];

const narrowQuery = matchMedia("(max-width: 640px)");
export const narrow = signal(narrowQuery.matches);
narrowQuery.addEventListener("change", (event) => (narrow.value = event.matches));

function KpiStrip() {
  useTopics("kpi");
  const items = live.kpi.value.value?.items.filter((item) => item.site === "") ?? [];
  const shown = STRIP_KPIS.map((name) => items.find((item) => item.name === name)).filter((item) => item !== undefined);
  return (
    <section class="kpi-strip" aria-label={t("kpi.strip")} data-testid="kpi-strip">
      {shown.map((item) => <KpiTile key={item.name} item={item} />)}
      {shown.length === 0 && <Empty text={t("kpi.empty")} />}
    </section>
  );
}

function Plant(props: { site: FloorSite }) {
  const { site } = props;
  live.lines.version.value;
  let pieces = 0;
  let power = 0;
  let down = 0;
  for (const line of site.lines) {
    const state = live.lines.cell(`${site.site}/${line.line}`).peek();
    pieces += state?.pieces_today ?? 0;
    power += state?.power_kw ?? 0;
    down += state?.down.length ?? 0;
  }
  return (
    <section class="card plant" aria-label={word("site", site.site)} data-testid={`plant-${site.site}`}>
      <header class="card-head">
        <h2>{word("site", site.site)}</h2>
        <span class="minor">{word("region", site.region)}</span>
        <span class="spring" />
        {down > 0 && <span class="tag alarm">{t("floor.down", { n: down })}</span>}
        <span class="minor">{t("floor.pieces", { n: number(pieces) })}</span>
        <span class="minor">{number(power, 1)} kW</span>
      </header>
      {site.lines.map((line) => <LineRow key={line.line} site={site.site} line={line} list={narrow.value} />)}
    </section>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label={t("floor.legend")}>
      {STATES.map((state) => (
        <li key={state}><StateMark state={state} /> {word("state", state)}</li>
      ))}
      <li><span class="raw-mark" aria-hidden="true">◆</span> {t("floor.raw_device")}</li>
    </ul>
  );
}

function RawDock() {
  const raw = rawDevices();
  return (
    <section class="card" data-testid="raw-dock">
      <header class="card-head"><h2>{t("floor.raw")}</h2></header>
      {raw.length === 0 ? (
        <Empty text={t("floor.raw_empty")} />
      ) : (
        <ul class="raws wide">{raw.map(([id, device]) => <RawDevice key={id} id={id} device={device} />)}</ul>
      )}
    </section>
  );
}

export function FloorView() {
  useTopics("floor", "lines", "devices");
  const floor = useGet("GET /api/floor", "/api/floor", live.floor.keys.value.length);
  const sites = floor.data?.sites ?? [];
  return (
    <div class="floor-view">
      <h1 class="hidden">{t("nav.floor")}</h1>
      <KpiStrip />
      <div class="floor-main">
        <div class="floor-left">
          {floor.error && <Empty bad text={floor.error} />}
          {!floor.error && sites.length === 0 && <Empty text={floor.loading ? t("loading") : t("floor.empty")} />}
          <div class="plants">{sites.map((site) => <Plant key={site.site} site={site} />)}</div>
          {sites.length > 0 && <Legend />}
          <RawDock />
        </div>
        <div class="rail">
          <OrderStrip />
          <TracePanel />
          <JoinPanel />
        </div>
      </div>
    </div>
  );
}
