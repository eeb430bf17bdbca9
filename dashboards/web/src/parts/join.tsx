/** A line to paste into a terminal, and the place where its value appears. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useGet } from "../api";
import { live, useTopics } from "../feed/topics";
import type { DeviceState } from "../feed/types.gen";
import { age, sent, unitText } from "../format";
import { t } from "../i18n";
import { now } from "./now";
import { say } from "./toast";
import { Empty } from "./drawer";

const LIT_MS = 4_000;

/** Copies text; returns false where the browser has no way to do it. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages over plain http on a LAN have no clipboard: select, and let the reader copy.
    return false;
  }
}

export function rawDevices(): [string, DeviceState][] {
  return live.devices
    .entries()
    .filter(([, device]) => device.source === "raw")
    .sort(([, a], [, b]) => b.last_ms - a.last_ms);
}

/** One raw device: its topic, its values; lit for some seconds after each message. */
export function RawDevice(props: { id: string; device: DeviceState }) {
  const { id, device } = props;
  const seen = useRef(device.last_ms);
  const [lit, setLit] = useState(Date.now() - device.last_ms < LIT_MS);
  useEffect(() => {
    if (device.last_ms !== seen.current) setLit(true);
    seen.current = device.last_ms;
    const timer = setTimeout(() => setLit(false), LIT_MS);
    return () => clearTimeout(timer);
  }, [device.last_ms]);
  return (
    <li class={lit ? "raw lit" : "raw"} data-testid="raw-device">
      <span class="raw-mark" aria-hidden="true">◆</span>
      <span class="raw-id">{id}</span>
      <span class="raw-values">
        {Object.entries(device.metrics).map(([name, metric]) => (
          <span key={name}><small>{name}</small> <b>{sent(metric.value)}</b> {unitText(metric.unit)}</span>
        ))}
      </span>
      <small class="minor">{age(device.last_ms, now.value)}</small>
    </li>
  );
}

export function JoinPanel() {
  useTopics("devices");
  const run = useGet("GET /api/run", "/api/run");
  const code = useRef<HTMLElement>(null);
  const raw = rawDevices();
  const line = run.data?.connect.line ?? "";
  const onCopy = async () => {
    if (await copy(line)) {
      say("ok", t("join.copied"));
      return;
    }
    const range = document.createRange();
    if (code.current) range.selectNodeContents(code.current);
    getSelection()?.removeAllRanges();
    getSelection()?.addRange(range);
    say("wait", t("join.select"));
  };
  return (
    <section class="card" data-testid="join">
      <header class="card-head">
        <h2>{t("join.title")}</h2>
        <span class="spring" />
        <button type="button" class="small" disabled={line === ""} data-testid="copy" onClick={() => void onCopy()}>{t("join.copy")}</button>
      </header>
      <p class="minor">{t("join.intro")}</p>
      {run.error ? <Empty bad text={run.error} /> : <pre class="code wrap" tabIndex={0} aria-label={t("join.title")}><code ref={code} data-testid="join-line">{line || t("loading")}</code></pre>}
      {raw.length === 0 ? (
        <p class="await" data-testid="await-value"><span class="raw-mark" aria-hidden="true">◇</span> {t("join.here")}</p>
      ) : (
        <ul class="raws">{raw.slice(0, 4).map(([id, device]) => <RawDevice key={id} id={id} device={device} />)}</ul>
      )}
    </section>
  );
}
