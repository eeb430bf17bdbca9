/** The live topics of this page, each with its store, and the feed that fills them. */
import { useEffect } from "preact/hooks";
import { Feed } from "./feed";
import { AppStore, PutStore, SetStore, type Store } from "./store";
import type {
  Clock,
  CompareDay,
  CompareMark,
  CompareState,
  DeviceState,
  ForecastSummary,
  KpiBoard,
  LineState,
  LogEntry,
  OrderRow,
  Plan,
  PlanBoard,
  PlannedOrder,
  PlanProposal,
  StationState,
  Strip,
  Trace,
} from "./types.gen";

const LOG_LIMIT = 1_000;
const SENSOR_LIMIT = 1_200;

export type Sample = [number, number | null];

export const live = {
  clock: new PutStore<Clock>(),
  floor: new SetStore<StationState>(),
  lines: new SetStore<LineState>(),
  kpi: new PutStore<KpiBoard>(),
  orders: new SetStore<OrderRow>(),
  plan: new PutStore<Plan>(),
  board: new PutStore<PlanBoard>(),
  plan_bars: new SetStore<PlannedOrder>(),
  plan_proposal: new PutStore<PlanProposal>(),
  forecast: new PutStore<ForecastSummary>(),
  devices: new SetStore<DeviceState>(),
  log: new AppStore<LogEntry>(LOG_LIMIT),
  strip: new PutStore<Strip>(),
  trace: new PutStore<Trace>(),
  compare: new PutStore<CompareState>(),
  compare_days: new SetStore<CompareDay>(),
  compare_marks: new SetStore<CompareMark>(),
};

export type TopicName = keyof typeof live;

const sensors = new Map<string, AppStore<Sample>>();

/** Store of one sensor's live samples; `id` is site/node/device/metric. */
export function sensor(id: string): AppStore<Sample> {
  let store = sensors.get(id);
  if (store === undefined) {
    store = new AppStore<Sample>(SENSOR_LIMIT);
    sensors.set(id, store);
  }
  return store;
}

export function isTopic(name: string): name is TopicName {
  return name in live;
}

function storeOf(topic: string): Store {
  if (isTopic(topic)) return live[topic];
  return sensor(topic.slice("sensor:".length));
}

const socketUrl = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws?v=1`;

export const feed = new Feed(socketUrl, storeOf);

/** Keeps topics subscribed while the component is shown. */
export function useTopics(...topics: string[]): void {
  useEffect(() => (topics.length > 0 ? feed.use(topics) : undefined), [topics.join(" ")]);
}
