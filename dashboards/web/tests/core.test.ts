import assert from "node:assert/strict";
import { test } from "node:test";
import { BACKOFF_HIGH_MS, BACKOFF_LOW_MS, FeedCore, WATCHDOG_MS, type Effect } from "../src/feed/core";

const frame = (value: object): string => JSON.stringify(value);
const sent = (effects: Effect[]): Record<string, unknown>[] =>
  effects.flatMap((effect) => (effect.do === "send" ? [JSON.parse(effect.text) as Record<string, unknown>] : []));
const kinds = (effects: Effect[]): string[] => effects.map((effect) => effect.do);

function open(topics: string[] = ["floor"]): FeedCore {
  const core = new FeedCore(() => 0.5);
  core.want(topics);
  core.opened(0);
  core.message(frame({ t: "hello", v: 1, epoch: "e1", now: 0, rates: [1, 2, 5, 10] }), 0);
  for (const topic of topics) core.message(frame({ t: "snap", topic, seq: 10, d: {} }), 0);
  return core;
}

const delta = (first: number, last: number, topic = "floor"): string =>
  frame({ t: "delta", topic, seq: [first, last], d: { set: { a: last } } });

test("subscribes to everything wanted when the socket opens, without a resume at first", () => {
  const core = new FeedCore();
  assert.deepEqual(core.want(["clock", "floor"]), []);
  const [message] = sent(core.opened(0));
  assert.deepEqual([message?.["op"], message?.["topics"], message?.["rate"], message?.["resume"]], ["sub", ["clock", "floor"], 5, undefined]);
});

test("a topic wanted later is asked for at once, and only once", () => {
  const core = open();
  assert.deepEqual(sent(core.want(["orders", "floor"])).map((m) => m["topics"]), [["orders"]]);
  assert.deepEqual(core.want(["orders"]), []);
});

test("a delta that continues is applied, whatever length its range has", () => {
  const core = open();
  assert.deepEqual(kinds(core.message(delta(11, 11), 1)), ["delta"]);
  assert.deepEqual(kinds(core.message(delta(12, 19), 1)), ["delta"]);
  assert.equal(core.seq("floor"), 19);
});

test("a range that overlaps what is known is applied, one that is wholly known is not", () => {
  const core = open();
  assert.deepEqual(kinds(core.message(delta(8, 12), 1)), ["delta"]);
  assert.deepEqual(core.message(delta(11, 12), 1), []);
  assert.equal(core.seq("floor"), 12);
});

test("a gap asks for a snapshot once, ignores deltas until it comes, and then goes on", () => {
  const core = open();
  assert.deepEqual(sent(core.message(delta(13, 14), 1)), [{ op: "resync", topic: "floor" }]);
  assert.deepEqual(core.message(delta(15, 16), 2), []);
  assert.deepEqual(kinds(core.message(frame({ t: "snap", topic: "floor", seq: 20, d: {} }), 3)), ["snap"]);
  assert.deepEqual(kinds(core.message(delta(21, 21), 4)), ["delta"]);
  assert.equal(core.gaps, 1);
});

test("a resync without answer is asked again after two seconds", () => {
  const core = open();
  core.message(delta(13, 14), 1_000);
  assert.deepEqual(core.tick(2_000), []);
  core.message(frame({ t: "hb", ts: 0 }), 3_000);
  assert.deepEqual(sent(core.tick(3_100)), [{ op: "resync", topic: "floor" }]);
});

test("a gap of one topic leaves the others alone", () => {
  const core = open(["floor", "kpi"]);
  core.message(delta(13, 14, "floor"), 1);
  assert.deepEqual(kinds(core.message(delta(11, 11, "kpi"), 1)), ["delta"]);
});

test("after a lost connection it resumes from what it has, by topic", () => {
  const core = open(["floor", "kpi"]);
  core.message(delta(11, 15, "kpi"), 1);
  assert.equal(core.closed()[0]?.do, "connect");
  assert.equal(core.state, "lost");
  const [message] = sent(core.opened(5_000));
  assert.deepEqual(message?.["resume"], { epoch: "e1", seq: { floor: 10, kpi: 15 } });
});

test("a new epoch forgets numbers, so that a delta without snapshot is not applied", () => {
  const core = open();
  core.closed();
  core.opened(1);
  core.message(frame({ t: "hello", v: 1, epoch: "e2", now: 0, rates: [5] }), 1);
  assert.equal(core.seq("floor"), null);
  assert.deepEqual(sent(core.message(delta(11, 11), 2)), [{ op: "resync", topic: "floor" }]);
  assert.deepEqual(kinds(core.message(frame({ t: "snap", topic: "floor", seq: 3, d: {} }), 3)), ["snap"]);
  assert.deepEqual(kinds(core.message(delta(4, 4), 4)), ["delta"]);
});

test("the same epoch goes on with the missed deltas", () => {
  const core = open();
  core.closed();
  core.opened(1);
  core.message(frame({ t: "hello", v: 1, epoch: "e1", now: 0, rates: [5] }), 1);
  assert.deepEqual(kinds(core.message(delta(11, 14), 2)), ["delta"]);
});

test("three seconds without a frame close the connection; a heartbeat keeps it", () => {
  const core = open();
  assert.deepEqual(core.tick(WATCHDOG_MS), []);
  core.message(frame({ t: "hb", ts: 1 }), WATCHDOG_MS);
  assert.deepEqual(core.tick(2 * WATCHDOG_MS), []);
  assert.deepEqual(kinds(core.tick(2 * WATCHDOG_MS + 1)), ["close"]);
  assert.deepEqual(core.tick(9 * WATCHDOG_MS), []);
});

test("the wait before a new try grows from half a second to at most eight, with jitter", () => {
  const waits = (random: () => number): number[] => {
    const core = new FeedCore(random);
    return Array.from({ length: 8 }, () => core.closed().map((e) => (e.do === "connect" ? e.inMs : -1))[0] ?? -1);
  };
  assert.deepEqual(new Set(waits(() => 0)), new Set([BACKOFF_LOW_MS]));
  assert.deepEqual(waits(() => 1), [1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, BACKOFF_HIGH_MS]);
  assert.notDeepEqual(waits(() => 0.2), waits(() => 0.7));
});

test("a successful hello makes the next wait short again", () => {
  const core = new FeedCore(() => 1);
  for (let i = 0; i < 5; i += 1) core.closed();
  core.opened(0);
  core.message(frame({ t: "hello", v: 1, epoch: "e", now: 0, rates: [5] }), 0);
  assert.deepEqual(core.closed(), [{ do: "connect", inMs: 1_000 }]);
});

test("a hidden tab asks for one frame a second, a shown one for five again", () => {
  const core = open();
  assert.deepEqual(sent(core.setRate(1)), [{ op: "rate", rate: 1 }]);
  assert.deepEqual(core.setRate(1), []);
  core.closed();
  assert.deepEqual(core.setRate(5), []);
  assert.equal(sent(core.opened(1))[0]?.["rate"], 5);
});

test("a rate lowered by the server is kept", () => {
  const core = open();
  core.message(frame({ t: "rate", rate: 2 }), 1);
  assert.equal(core.rate, 2);
});

test("a topic no longer wanted is given back, and its late frames change nothing", () => {
  const core = open(["floor", "kpi"]);
  assert.deepEqual(sent(core.unwant(["kpi"])), [{ op: "unsub", topics: ["kpi"] }]);
  assert.deepEqual(core.message(delta(11, 11, "kpi"), 1), []);
  assert.deepEqual(core.message(frame({ t: "snap", topic: "kpi", seq: 1, d: {} }), 1), []);
});

test("what is not JSON, not known or refused does not stop the feed", () => {
  const core = open();
  assert.deepEqual(core.message("{", 1), []);
  assert.deepEqual(core.message("7", 1), []);
  assert.deepEqual(core.message(frame({ t: "later" }), 1), []);
  assert.deepEqual(core.message(frame({ t: "delta", topic: "floor" }), 1), []);
  const refused = core.message(frame({ t: "err", what: "No topic x.", expected: "a topic", exists: [] }), 1);
  assert.deepEqual(refused, [{ do: "refused", reason: "No topic x. a topic" }]);
  assert.deepEqual(kinds(core.message(delta(11, 11), 2)), ["delta"]);
});
