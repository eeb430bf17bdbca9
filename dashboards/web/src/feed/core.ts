/**
 * The live feed without input or output: what to do for each frame, tick and loss of the connection.
 *
 * Every topic carries its own running number. A delta covers the range [first, last]: it fits when
 * first <= have + 1; anything later means that frames are missing, and the topic is asked for anew.
 */

export type Payload = {
  set?: Record<string, unknown>;
  del?: string[];
  put?: unknown;
  app?: unknown[];
};

export type LinkState = "connecting" | "live" | "lost";

export type Effect =
  | { do: "connect"; inMs: number }
  | { do: "close" }
  | { do: "send"; text: string }
  | { do: "snap"; topic: string; data: unknown }
  | { do: "delta"; topic: string; data: Payload }
  | { do: "refused"; reason: string };

type Topic = { seq: number | null; askedMs: number | null };

export const WATCHDOG_MS = 3_000;
export const BACKOFF_LOW_MS = 500;
export const BACKOFF_HIGH_MS = 8_000;
const RESYNC_REPEAT_MS = 2_000;

export class FeedCore {
  state: LinkState = "connecting";
  epoch: string | null = null;
  rate: number;
  gaps = 0;
  private readonly topics = new Map<string, Topic>();
  private attempts = 0;
  private lastFrameMs = 0;
  private open = false;
  private nextId = 1;

  constructor(
    private readonly random: () => number = Math.random,
    rate = 5,
  ) {
    this.rate = rate;
  }

  /** Topics that are wanted now, in the order in which they were asked for. */
  wanted(): string[] {
    return [...this.topics.keys()];
  }

  /** Running number of the last frame of a topic, or null before its snapshot. */
  seq(topic: string): number | null {
    return this.topics.get(topic)?.seq ?? null;
  }

  want(names: string[]): Effect[] {
    const fresh = names.filter((name) => !this.topics.has(name));
    for (const name of fresh) this.topics.set(name, { seq: null, askedMs: null });
    return this.open && fresh.length > 0 ? [this.subscribe(fresh)] : [];
  }

  unwant(names: string[]): Effect[] {
    const gone = names.filter((name) => this.topics.delete(name));
    return this.open && gone.length > 0 ? [send({ op: "unsub", topics: gone })] : [];
  }

  setRate(rate: number): Effect[] {
    if (rate === this.rate) return [];
    this.rate = rate;
    return this.open ? [send({ op: "rate", rate })] : [];
  }

  opened(nowMs: number): Effect[] {
    this.open = true;
    this.lastFrameMs = nowMs;
    for (const topic of this.topics.values()) topic.askedMs = null;
    return this.topics.size > 0 ? [this.subscribe(this.wanted())] : [];
  }

  closed(): Effect[] {
    this.open = false;
    this.state = "lost";
    const high = Math.min(BACKOFF_HIGH_MS, BACKOFF_LOW_MS * 2 ** (this.attempts + 1));
    this.attempts += 1;
    // Spread over the whole range: forty pages that lost one server must not return at once.
    const inMs = BACKOFF_LOW_MS + this.random() * (high - BACKOFF_LOW_MS);
    return [{ do: "connect", inMs: Math.round(inMs) }];
  }

  /** Called a few times a second: closes a silent connection and repeats unanswered requests. */
  tick(nowMs: number): Effect[] {
    if (!this.open) return [];
    if (nowMs - this.lastFrameMs > WATCHDOG_MS) {
      this.open = false;
      return [{ do: "close" }];
    }
    const effects: Effect[] = [];
    for (const [name, topic] of this.topics) {
      if (topic.askedMs !== null && nowMs - topic.askedMs > RESYNC_REPEAT_MS) {
        topic.askedMs = nowMs;
        effects.push(send({ op: "resync", topic: name }));
      }
    }
    return effects;
  }

  message(text: string, nowMs: number): Effect[] {
    this.lastFrameMs = nowMs;
    const frame = parse(text);
    if (frame === null) return [];
    switch (frame["t"]) {
      case "hello":
        return this.hello(frame);
      case "snap":
        return this.snapshot(frame);
      case "delta":
        return this.delta(frame, nowMs);
      case "rate":
        this.rate = Number(frame["rate"]);
        return [];
      case "err":
        return [{ do: "refused", reason: `${String(frame["what"])} ${String(frame["expected"])}` }];
      default:
        return [];
    }
  }

  private hello(frame: Record<string, unknown>): Effect[] {
    this.state = "live";
    this.attempts = 0;
    const epoch = String(frame["epoch"]);
    // A new epoch is a new server: its numbers start anew, and snapshots follow by themselves.
    if (epoch !== this.epoch) for (const topic of this.topics.values()) topic.seq = null;
    this.epoch = epoch;
    return [];
  }

  private snapshot(frame: Record<string, unknown>): Effect[] {
    const name = String(frame["topic"]);
    const topic = this.topics.get(name);
    if (topic === undefined) return [];
    topic.seq = Number(frame["seq"]);
    topic.askedMs = null;
    return [{ do: "snap", topic: name, data: frame["d"] }];
  }

  private delta(frame: Record<string, unknown>, nowMs: number): Effect[] {
    const name = String(frame["topic"]);
    const topic = this.topics.get(name);
    const range = frame["seq"];
    if (topic === undefined || !Array.isArray(range) || topic.askedMs !== null) return [];
    const [first, last] = [Number(range[0]), Number(range[1])];
    if (topic.seq !== null && last <= topic.seq) return [];
    if (topic.seq === null || first > topic.seq + 1) {
      this.gaps += 1;
      topic.askedMs = nowMs;
      return [send({ op: "resync", topic: name })];
    }
    topic.seq = last;
    return [{ do: "delta", topic: name, data: (frame["d"] ?? {}) as Payload }];
  }

  private subscribe(names: string[]): Effect {
    const seq: Record<string, number> = {};
    for (const name of names) {
      const have = this.topics.get(name)?.seq;
      if (have !== null && have !== undefined) seq[name] = have;
    }
    const resume =
      this.epoch !== null && Object.keys(seq).length > 0 ? { epoch: this.epoch, seq } : undefined;
    return send({ op: "sub", id: this.nextId++, topics: names, rate: this.rate, resume });
  }
}

function send(message: object): Effect {
  return { do: "send", text: JSON.stringify(message) };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === "object" && frame !== null ? (frame as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
