import { effect } from "@preact/signals";
import assert from "node:assert/strict";
import { test } from "node:test";
import { AppStore, PutStore, SetStore } from "../src/feed/store";

test("put replaces the whole, and an empty snapshot means nothing yet", () => {
  const store = new PutStore<{ a: number }>();
  store.snapshot({ a: 1 });
  store.delta({ put: { a: 2 } });
  assert.deepEqual(store.value.value, { a: 2 });
  store.snapshot(null);
  assert.equal(store.value.value, null);
});

test("set keeps the last value by key and drops deleted keys", () => {
  const store = new SetStore<number>();
  store.snapshot({ a: 1, b: 2 });
  store.delta({ set: { b: 3, c: 4 }, del: ["a"] });
  assert.deepEqual(store.entries(), [["b", 3], ["c", 4]]);
  assert.equal(store.cell("a").value, null);
});

test("a snapshot of set removes keys that it does not hold", () => {
  const store = new SetStore<number>();
  store.snapshot({ a: 1, b: 2 });
  store.snapshot({ b: 5 });
  assert.deepEqual(store.entries(), [["b", 5]]);
  assert.equal(store.cell("a").value, null);
});

test("a change of one key wakes only the readers of that key", () => {
  const store = new SetStore<number>();
  store.snapshot({ a: 1, b: 2 });
  let wakes = 0;
  const stop = effect(() => {
    store.cell("a").value;
    wakes += 1;
  });
  store.delta({ set: { b: 3 } });
  assert.equal(wakes, 1);
  store.delta({ set: { a: 9 } });
  assert.equal(wakes, 2);
  stop();
});

test("a key that comes later reaches a reader that was there before it", () => {
  const store = new SetStore<number>();
  const seen: (number | null)[] = [];
  const stop = effect(() => void seen.push(store.cell("late").value));
  store.delta({ set: { late: 7 } });
  assert.deepEqual(seen, [null, 7]);
  stop();
});

test("app appends and keeps the newest", () => {
  const store = new AppStore<number>(3);
  store.snapshot([1, 2]);
  store.delta({ app: [3, 4] });
  assert.deepEqual(store.items.value, [2, 3, 4]);
  store.delta({ app: [] });
  assert.deepEqual(store.items.value, [2, 3, 4]);
});
