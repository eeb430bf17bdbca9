"""A comparison of two makers for the stand-in: plausible courses that answer to the switches."""

import math
from typing import Any

START = 1_749_859_200_000  # 14 June 2025
FLAGS = ("sense_market", "sense_floor", "integrate", "elastic", "close_loop")
OFF: dict[str, Any] = {**dict.fromkeys(FLAGS, False), "scope": "line"}
ON: dict[str, Any] = {**dict.fromkeys(FLAGS, True), "scope": "platform"}
CALENDAR = [
    {"name": "warmup", "first": 0, "last": 27},
    {"name": "618", "first": 2, "last": 6},
    {"name": "surge", "first": 88, "last": 98},
    {"name": "1111", "first": 130, "last": 152},
]
WARMUP = 28


def strength(links: dict[str, Any]) -> float:
    """How much a maker gains, 0 to 1."""
    scopes = ("line", "plant", "region", "platform")
    return (sum(bool(links[f]) for f in FLAGS) + scopes.index(links["scope"])) / 8


class Duel:
    """The comparison: `step` moves it on and returns what changed, by topic."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.days: dict[str, Any] = {}
        self.marks: dict[str, Any] = {}
        self.profit = {"left": 0.0, "right": 0.0}
        self.due_ms = 0
        self.changes: dict[str, Any] = {}
        self.state: dict[str, Any] = {
            "state": "idle", "run": 0, "seed": 1, "capacity": "tight", "days": 180,
            "days_per_s": 2.0, "reached_days_per_s": None, "start_ms": 0, "day": 0,
            "left": OFF, "right": ON, "calendar": [], "digest_left": "", "digest_right": "",
            "error": "", "error_zh": "",
        }  # fmt: skip

    @property
    def alive(self) -> bool:
        return self.state["state"] in ("running", "paused")

    def start(self, body: dict[str, Any]) -> dict[str, Any]:
        self.days, self.marks = {}, {}
        self.profit = {"left": 0.0, "right": 0.0}
        return self._set(
            **body, state="running", run=self.state["run"] + 1, day=0, start_ms=START,
            calendar=[c for c in CALENDAR if c["first"] < body["days"]],
            digest_left="", digest_right="", reached_days_per_s=None,
        )  # fmt: skip

    def pace(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("paused") is not None:
            self._set(state="paused" if body["paused"] else "running")
        if body.get("days_per_s") is not None:
            self._set(days_per_s=body["days_per_s"])
        return self.state

    def switch(self, body: dict[str, Any]) -> dict[str, Any]:
        side, name, value = body["side"], body["name"], body["value"]
        word = value if name == "scope" else "on" if value else "off"
        self._mark(side, "switch", name, word)
        return self._set(**{side: {**self.state[side], name: value}})

    def stop(self) -> dict[str, Any]:
        return self._set(state="stopped") if self.alive else self.state

    def step(self, wall_ms: int) -> dict[str, Any]:
        """Live the days that are due until `wall_ms`."""
        if self.state["state"] == "running" and wall_ms >= self.due_ms:
            self.due_ms = wall_ms + round(1_000 / self.state["days_per_s"])
            self.live()
        changes, self.changes = self.changes, {}
        return changes

    def live(self) -> None:
        """Live one day."""
        day = self.state["day"]
        row = {"day": day, "left": self._kpis("left", day), "right": self._kpis("right", day)}
        self.days[f"{day:04d}"] = row
        self.changes.setdefault("compare_days", {})[f"{day:04d}"] = row
        if day % 30 == 12:
            self._mark("both", "launch", f"S{day:03d}", "")
        if day % 23 == 20:
            self._mark("left", "stockout", f"S{day - 9:03d}", "")
        if day == 88:
            self._mark("both", "surge", "S072", "×6")
        if day == 90:
            self._mark("right", "join", "suzhou/line-3", "")
        over = day + 1 >= self.state["days"]
        self._set(day=day + 1, state="done" if over else "running",
                  reached_days_per_s=self.state["days_per_s"])  # fmt: skip
        if day % 7 == 6:
            self._set(digest_left="5f2c9a0b71d4e6", digest_right="5f2c9a0b71d4e6")

    def _kpis(self, side: str, day: int) -> dict[str, Any]:
        power = strength(self.state[side])
        peak = 1 + 2.2 * math.exp(-(((day - 150) / 9) ** 2)) + 0.5 * math.sin(day / 7) ** 2
        counted = day >= WARMUP
        if counted:
            self.profit[side] += peak * (120 + 85 * power) - 95 - 20 * power
        learned = 1 - math.exp(-day / 25)
        late = round(peak * 9 * (1 - 0.85 * power) * day / 20)
        return {
            "profit_k": round(self.profit[side], 1), "revenue_k": round(peak * day * 310, 1),
            "sold_pieces": round(day * 7_900 * (0.9 + 0.1 * power)),
            "fill_rate": round(0.78 + 0.17 * power * learned - 0.05 * (peak - 1) / 2, 4)
            if counted else None,
            "on_time_delivery": round(0.7 + 0.26 * power * learned, 4) if counted else None,
            "line_efficiency": round(0.57 + 0.09 * power * learned, 4) if counted else None,
            "lead_time_d": round(15 - 8.5 * power * learned + peak, 2) if counted else None,
            "stock_pieces": round(210_000 - 70_000 * power * learned + 30_000 * math.sin(day / 16)),
            "wip_pieces": round(16_000 - 5_500 * power * learned + 2_000 * peak),
            "orders_late": late,
            "co2_kg_per_piece": round(0.84 - 0.09 * power * learned, 4) if counted else None,
        }  # fmt: skip

    def _mark(self, side: str, kind: str, name: str, value: str) -> None:
        mark = {"day": self.state["day"], "side": side, "kind": kind, "name": name, "value": value}
        key = f"{len(self.marks):05d}"
        self.marks[key] = mark
        self.changes.setdefault("compare_marks", {})[key] = mark

    def _set(self, **update: Any) -> dict[str, Any]:
        self.state = {**self.state, **update}
        self.changes["compare"] = self.state
        return self.state
