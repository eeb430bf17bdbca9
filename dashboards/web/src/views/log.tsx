/** Alarms and events, newest first, with a filter. */
import { useEffect, useState } from "preact/hooks";
import { getJson } from "../api";
import { live, useTopics } from "../feed/topics";
import type { LogEntry, LogList } from "../feed/types.gen";
import { dayTime, number, wallTime } from "../format";
import { pick, place, t, word } from "../i18n";
import { Empty } from "../parts/drawer";
import { PriorityMark } from "../parts/glyph";
import { openOrder } from "./order";
import { openStationAt } from "./station";

const LEVELS = ["all", "alarms", "P1", "P2", "P3", "info"] as const;
const PAGE = 60;

function matches(entry: LogEntry, level: string, text: string): boolean {
  if (level === "alarms" ? entry.level === "info" : level !== "all" && entry.level !== level) return false;
  return text === "" || `${entry.kind} ${pick(entry)} ${entry.order} ${entry.station}`.toLowerCase().includes(text);
}

function Entry(props: { entry: LogEntry }) {
  const { entry } = props;
  return (
    <tr class={entry.level} data-testid="log-entry">
      <td class="level"><PriorityMark level={entry.level} /> {entry.level === "info" ? "" : entry.level}</td>
      <td class="num plant-time">{dayTime(entry.plant_ms)}</td>
      <td class="num minor wall-time">{wallTime(entry.wall_ms)}</td>
      <td class="kind">{word("log_kind", entry.kind)}</td>
      <td class="text">{pick(entry)}</td>
      <td class="about">{entry.order && <button type="button" class="link" onClick={() => openOrder(entry.order)}>{entry.order}</button>} {entry.station && <button type="button" class="link" onClick={() => openStationAt(entry.station)}>{place(entry.station)}</button>}</td>
    </tr>
  );
}

/** What was logged before the page opened; joined by id with what comes live. */
function useOlder(): readonly LogEntry[] {
  const [older, setOlder] = useState<readonly LogEntry[]>([]);
  useEffect(() => {
    const abort = new AbortController();
    getJson<LogList>("/api/log?limit=500", abort.signal).then((found) => setOlder(found.entries), () => undefined);
    return () => abort.abort();
  }, []);
  return older;
}

export function LogView() {
  useTopics("log");
  const older = useOlder();
  const [level, setLevel] = useState<string>("all");
  const [text, setText] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const byId = new Map([...older, ...live.log.items.value].map((entry) => [entry.id, entry]));
  const all = [...byId.values()].sort((a, b) => b.id - a.id);
  const found = all.filter((entry) => matches(entry, level, text.trim().toLowerCase()));
  return (
    <>
      <h1>{t("nav.log")}</h1>
      <section class="card" aria-label={t("nav.log")}>
        <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
          <label>{t("orders.search")} <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} /></label>
          <label>{t("log.level")}{" "}
            <select value={level} onChange={(event) => setLevel(event.currentTarget.value)} data-testid="log-level">
              {LEVELS.map((name) => <option key={name} value={name}>{word("log_level", name)}</option>)}
            </select>
          </label>
        </form>
        <p class="minor">{t("orders.count", { n: number(found.length), all: number(all.length) })}</p>
        {all.length === 0 && <Empty text={live.log.loaded.value ? t("log.empty") : t("loading")} />}
        {found.length > 0 && (
          <div class="scroll" tabIndex={0} role="group" aria-label={t("nav.log")}>
            <table class="grid log">
              <thead><tr>{(["level", "plant", "wall", "kind", "text", "about"] as const).map((name) => <th key={name} scope="col" class={name === "plant" || name === "wall" ? "num" : ""}>{t(`log.col.${name}`)}</th>)}</tr></thead>
              <tbody>{found.slice(0, limit).map((entry) => <Entry key={entry.id} entry={entry} />)}</tbody>
            </table>
          </div>
        )}
        {found.length > limit && <button type="button" onClick={() => setLimit(limit + PAGE)}>{t("more", { n: found.length - limit })}</button>}
      </section>
    </>
  );
}
