/** Binds the feed's rules to a browser: the socket, the timers and the tab's visibility. */
import { signal, type Signal } from "@preact/signals";
import { FeedCore, type Effect, type LinkState } from "./core";
import type { Store } from "./store";

const VISIBLE_RATE = 5;
const HIDDEN_RATE = 1;
const TICK_MS = 500;

export class Feed {
  readonly state: Signal<LinkState> = signal("connecting");
  readonly problem: Signal<string> = signal("");
  /** Grows whenever the connection comes back: what was fetched by HTTP may be old then. */
  readonly returns: Signal<number> = signal(0);
  readonly core = new FeedCore(Math.random, VISIBLE_RATE);
  private socket: WebSocket | null = null;
  private readonly uses = new Map<string, number>();

  constructor(
    private readonly url: string,
    private readonly storeOf: (topic: string) => Store,
  ) {}

  start(): void {
    document.addEventListener("visibilitychange", () => this.visibility());
    window.addEventListener("online", () => this.socket === null && this.connect());
    this.visibility();
    setInterval(() => this.run(this.core.tick(performance.now())), TICK_MS);
    this.connect();
  }

  /** Asks for topics; call what it returns when they are no longer shown. */
  use(topics: readonly string[]): () => void {
    const fresh = topics.filter((topic) => {
      const uses = this.uses.get(topic) ?? 0;
      this.uses.set(topic, uses + 1);
      return uses === 0;
    });
    this.run(this.core.want(fresh));
    return () => {
      const gone = topics.filter((topic) => {
        const uses = (this.uses.get(topic) ?? 1) - 1;
        this.uses.set(topic, uses);
        return uses === 0;
      });
      this.run(this.core.unwant(gone));
    };
  }

  private visibility(): void {
    this.run(this.core.setRate(document.hidden ? HIDDEN_RATE : VISIBLE_RATE));
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    // Events of a socket that has been given up must not disturb its successor.
    const mine = (effects: () => Effect[]) => () => this.socket === socket && this.run(effects());
    socket.onopen = mine(() => this.core.opened(performance.now()));
    socket.onmessage = (event: MessageEvent<string>) =>
      mine(() => this.core.message(event.data, performance.now()))();
    socket.onclose = mine(() => this.drop());
  }

  private drop(): Effect[] {
    this.socket = null;
    return this.core.closed();
  }

  private run(effects: Effect[]): void {
    for (const effect of effects) this.perform(effect);
    const before = this.state.peek();
    if (this.core.state === "live" && before !== "live") {
      this.problem.value = "";
      if (before === "lost") this.returns.value += 1;
    }
    this.state.value = this.core.state;
  }

  private perform(effect: Effect): void {
    switch (effect.do) {
      case "connect":
        setTimeout(() => this.socket === null && this.connect(), effect.inMs);
        break;
      case "close": {
        const socket = this.socket;
        const next = this.drop();
        socket?.close();
        this.run(next);
        break;
      }
      case "send":
        if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(effect.text);
        break;
      case "snap":
        this.storeOf(effect.topic).snapshot(effect.data);
        break;
      case "delta":
        this.storeOf(effect.topic).delta(effect.data);
        break;
      case "refused":
        this.problem.value = effect.reason;
        break;
    }
  }
}
