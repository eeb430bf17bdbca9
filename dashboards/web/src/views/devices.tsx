/** Devices: gateways and their nodes, raw devices, replays: last values, age, online or not. */
import { useState } from "preact/hooks";
import { useGet } from "../api";
import { live, useTopics } from "../feed/topics";
import type { DeviceState } from "../feed/types.gen";
import { age, number, short, unitText } from "../format";
import { t, word } from "../i18n";
import { Block, Empty, openDrawer } from "../parts/drawer";
import { now } from "../parts/now";
import { JoinPanel } from "../parts/join";
import { SensorTrend } from "./station";

const SOURCES = ["gateway", "raw", "replay"] as const;
const QUIET_MS = 30_000;

function Body(props: { id: string }) {
  const device = live.devices.cell(props.id).value;
  const [shown, show] = useState<string | null>(null);
  const all = useGet("GET /api/devices", "/api/devices");
  if (device === null) return <Empty text={t("devices.gone")} />;
  const metrics = Object.entries({ ...all.data?.devices[props.id]?.metrics, ...device.metrics }).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Block title={t("devices.values")}>
      {metrics.length === 0 && <Empty text={t("devices.no_values")} />}
      <ul class="plain tight">
        {metrics.map(([name, metric]) => (
          <li key={name}>
            <button type="button" class="metric-row" aria-expanded={shown === name} onClick={() => show(shown === name ? null : name)}>
              <span>{name}</span><b class="num">{short(metric.value)}</b><small>{unitText(metric.unit)}</small>
            </button>
            {shown === name && <SensorTrend id={`${props.id}/${name}`} unit={metric.unit} />}
          </li>
        ))}
      </ul>
    </Block>
  );
}

const openDevice = (id: string): void => openDrawer(`device ${id}`, () => id, () => <Body id={id} />);

function firstValues(device: DeviceState): string {
  return Object.entries(device.metrics).slice(0, 3).map(([name, metric]) => `${name} ${short(metric.value)} ${unitText(metric.unit)}`.trim()).join(" · ");
}

function Row(props: { id: string; device: DeviceState }) {
  const { id, device } = props;
  const quiet = now.value - device.last_ms > QUIET_MS;
  return (
    <tr data-testid={`device-${id}`} class={device.online ? "" : "offline"}>
      <th scope="row"><button type="button" class="link" onClick={() => openDevice(id)}>{id}</button></th>
      <td>{word("device_kind", device.kind)}</td>
      <td>
        <span class={device.online ? "online" : "online no"}><span aria-hidden="true">{device.online ? "●" : "▲"}</span> {t(device.online ? "devices.online" : "devices.offline")}</span>
      </td>
      <td class={quiet ? "num old" : "num"}>{age(device.last_ms, now.value)}</td>
      <td class="num">{number(Object.keys(device.metrics).length)}</td>
      <td class="values">{firstValues(device)}</td>
    </tr>
  );
}

function Group(props: { source: (typeof SOURCES)[number]; rows: [string, DeviceState][] }) {
  const { source, rows } = props;
  const columns = ["id", "kind", "state", "age", "metrics", "values"] as const;
  return (
    <section class="card" aria-label={word("device_source", source)} data-testid={`devices-${source}`}>
      <header class="card-head"><h2>{word("device_source", source)}</h2><span class="minor">{number(rows.length)}</span></header>
      {rows.length === 0 ? (
        <Empty text={t(`devices.empty.${source}`)} />
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label={word("device_source", source)}>
          <table class="grid">
            <thead><tr>{columns.map((name) => <th key={name} scope="col" class={name === "age" || name === "metrics" ? "num" : ""}>{t(`devices.col.${name}`)}</th>)}</tr></thead>
            <tbody>{rows.map(([id, device]) => <Row key={id} id={id} device={device} />)}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

export function DevicesView() {
  useTopics("devices");
  const all = live.devices.entries().sort(([a], [b]) => a.localeCompare(b));
  const off = all.filter(([, device]) => !device.online).length;
  return (
    <>
      <h1>{t("nav.devices")}</h1>
      <p class="minor">{live.devices.loaded.value ? t("devices.summary", { n: all.length, off }) : t("loading")}</p>
      <div class="split wide-left">
        <div>{SOURCES.map((source) => <Group key={source} source={source} rows={all.filter(([, device]) => device.source === source)} />)}</div>
        <JoinPanel />
      </div>
    </>
  );
}
