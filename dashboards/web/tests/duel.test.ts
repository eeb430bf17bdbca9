import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY_MS, FLAGS, KPI_NAMES, OFF, ON, axis, connected, course, difference, flips, monthStarts, newest, roundStep, verdict } from "../src/duel";
import type { CompareDay, CompareKpis, CompareMark } from "../src/feed/types.gen";

const EMPTY = Object.fromEntries(KPI_NAMES.map((name) => [name, 0])) as unknown as CompareKpis;
const day = (at: number, left: Partial<CompareKpis>, right: Partial<CompareKpis>): CompareDay => ({
  day: at, left: { ...EMPTY, ...left }, right: { ...EMPTY, ...right },
});

test("a course holds null for days that are missing", () => {
  const days = [day(0, { profit_k: 5 }, {}), day(2, { profit_k: 7 }, {})];
  assert.deepEqual(course(days, "left", "profit_k"), [5, null, 7]);
  assert.deepEqual(course([], "left", "profit_k"), []);
});

test("the difference is right minus left, and unknown where one side is", () => {
  const days = [day(0, { fill_rate: 0.5 }, { fill_rate: 0.75 }), day(1, { fill_rate: null }, { fill_rate: 0.9 })];
  assert.deepEqual(difference(days, "fill_rate"), [0.25, null]);
});

test("less is better for lead time, stock and late orders; what rounds to zero is equal", () => {
  assert.equal(verdict("profit_k", 12), "better");
  assert.equal(verdict("profit_k", -12), "worse");
  assert.equal(verdict("lead_time_d", -3), "better");
  assert.equal(verdict("stock_pieces", 40), "worse");
  assert.equal(verdict("fill_rate", 0.0004), "equal");
  assert.equal(verdict("fill_rate", null), "unknown");
});

test("both sides have one axis: round at its ends, zero inside, shares up to 1", () => {
  assert.deepEqual(axis([[120, 871], [null, 1_940]], "money"), [0, 2_000]);
  assert.deepEqual(axis([[-130, 871]], "money"), [-500, 1_000]);
  assert.deepEqual(axis([[], []], "pieces"), [0, 1]);
  assert.deepEqual(axis([[0.83], [0.97]], "share"), [0.8, 1]);
  assert.deepEqual(axis([[1], [null]], "share"), [0.9, 1]);
  assert.equal(roundStep(4), 1);
  assert.equal(roundStep(700), 200);
});

test("months begin where the calendar says, also over a new year", () => {
  const start = Date.UTC(2025, 5, 14);
  const starts = monthStarts(start, 180);
  assert.deepEqual(starts.map((at) => new Date(start + at * DAY_MS).getUTCDate()), [1, 1, 1, 1, 1, 1]);
  assert.equal(starts[0], 17);
  assert.equal(monthStarts(Date.UTC(2025, 11, 11), 90).length, 3);
  assert.equal(monthStarts(start, 365, 2).length, 6);
  assert.deepEqual(monthStarts(Date.UTC(2025, 0, 1), 31), [0]);
});

test("what is connected is counted, and only switches that differ are flipped", () => {
  assert.equal(connected(OFF), 0);
  assert.equal(connected(ON), 6);
  assert.equal(connected({ ...OFF, scope: "plant" }), 1);
  assert.deepEqual(flips(OFF, ON), [...FLAGS, "scope"]);
  assert.deepEqual(flips({ ...ON, elastic: false }, ON), ["elastic"]);
});

test("the newest marks come first", () => {
  const mark = (at: number): CompareMark => ({ day: at, side: "both", kind: "launch", name: `S${at}`, value: "" });
  const marks: [string, CompareMark][] = [["00000", mark(1)], ["00002", mark(3)], ["00001", mark(2)]];
  assert.deepEqual(newest(marks, 2).map(([key]) => key), ["00002", "00001"]);
});
