/** What the page knows, as signals: one kind of store for each kind of merge of the feed. */
import { batch, signal, type Signal } from "@preact/signals";
import type { Payload } from "./core";

export interface Store {
  snapshot(data: unknown): void;
  delta(data: Payload): void;
}

/** A topic whose newest value replaces the one before. */
export class PutStore<T> implements Store {
  readonly value: Signal<T | null> = signal(null);

  snapshot(data: unknown): void {
    this.value.value = isEmpty(data) ? null : (data as T);
  }

  delta(data: Payload): void {
    if (data.put !== undefined) this.snapshot(data.put);
  }
}

/** A topic of keys, each with a signal of its own, so that one change redraws one thing. */
export class SetStore<T> implements Store {
  readonly keys: Signal<readonly string[]> = signal([]);
  /** Changes with every frame: for views that add up over all keys. */
  readonly version: Signal<number> = signal(0);
  readonly loaded: Signal<boolean> = signal(false);
  private readonly cells = new Map<string, Signal<T | null>>();

  /** The signal of one key; it exists before the key does and holds null until then. */
  cell(key: string): Signal<T | null> {
    let cell = this.cells.get(key);
    if (cell === undefined) {
      cell = signal<T | null>(null);
      this.cells.set(key, cell);
    }
    return cell;
  }

  /** All present keys with their values; reading it follows every change. */
  entries(): [string, T][] {
    this.version.value;
    const result: [string, T][] = [];
    for (const key of this.keys.value) {
      const value = this.cells.get(key)?.peek();
      if (value !== null && value !== undefined) result.push([key, value]);
    }
    return result;
  }

  snapshot(data: unknown): void {
    const values = (data ?? {}) as Record<string, T>;
    batch(() => {
      for (const key of this.keys.peek()) if (!(key in values)) this.cell(key).value = null;
      for (const [key, value] of Object.entries(values)) this.cell(key).value = value;
      this.keys.value = Object.keys(values);
      this.loaded.value = true;
      this.version.value += 1;
    });
  }

  delta(data: Payload): void {
    batch(() => {
      const added: string[] = [];
      for (const [key, value] of Object.entries(data.set ?? {})) {
        const cell = this.cell(key);
        if (cell.peek() === null) added.push(key);
        cell.value = value as T;
      }
      const gone = new Set(data.del ?? []);
      for (const key of gone) this.cell(key).value = null;
      if (added.length > 0 || gone.size > 0) {
        this.keys.value = [...this.keys.peek().filter((key) => !gone.has(key)), ...added];
      }
      this.version.value += 1;
    });
  }
}

/** A topic that grows: the newest `limit` items, oldest first. */
export class AppStore<T> implements Store {
  readonly items: Signal<readonly T[]> = signal([]);
  readonly loaded: Signal<boolean> = signal(false);

  constructor(private readonly limit: number) {}

  snapshot(data: unknown): void {
    this.items.value = ((data ?? []) as T[]).slice(-this.limit);
    this.loaded.value = true;
  }

  delta(data: Payload): void {
    if (data.app === undefined || data.app.length === 0) return;
    this.items.value = [...this.items.peek(), ...(data.app as T[])].slice(-this.limit);
  }
}

function isEmpty(data: unknown): boolean {
  return data === null || data === undefined || (typeof data === "object" && Object.keys(data).length === 0);
}
