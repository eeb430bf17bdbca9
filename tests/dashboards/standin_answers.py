"""What the stand-in answers on the REST paths."""

import math
import random
from typing import Any

from standin_facts import (
    BASES,
    COLOURS,
    DAY,
    KPIS,
    MACHINES,
    SITES,
    START,
    STATIONS,
    STYLES,
)
from standin_insight import InsightAnswers


class Answers(InsightAnswers):
    """The maker's answers; `Maker` has the state behind them."""

    def run_info(self) -> dict[str, Any]:
        topic = "seamline/v1/raw/demo/bench/desk/visitor/temperature"
        line = f"mosquitto_pub -h 127.0.0.1 -p 11883 -u visitor -P k7Qw9 -t {topic} -m 21.5"
        return {
            "run": "r-demo", "version": "0.1.0", "clock": self.clock(),
            "connect": {"host": "127.0.0.1", "port": 11883, "user": "visitor",
                        "password": "k7Qw9", "topic": topic, "line": line},
        }  # fmt: skip

    def floor_plan(self) -> dict[str, Any]:
        stations = [
            {"id": f"st-{n:02d}", "machine": MACHINES[n % 6], "name": f"Station st-{n:02d}"}
            for n in range(1, STATIONS + 1)
        ]  # fmt: skip
        return {
            "sites": [
                {"site": site, "region": region,
                 "lines": [{"line": f"line-{n}", "operators": 20, "stations": stations}
                           for n in (1, 2, 3)]}
                for site, region in SITES.items()
            ]
        }  # fmt: skip

    def order_detail(self, order: str) -> dict[str, Any] | None:
        row = self.orders.get(order)
        if row is None:
            return None
        decision = {
            "decision_id": "d-1", "wall_ms": self.wall_ms, "plant_ms": row["placed_ms"] + 60_000,
            "trigger": "order", "order": order, "action": "kit", "region": row["region"],
            "site": row["site"], "line": row["line"], "promise_ms": row["promised_ms"],
            "reason": row["reason"], "reason_zh": row["reason_zh"], "alternatives": [],
            "latency_ms": 12.5,
        }  # fmt: skip
        events = [
            {"ts_ms": row["placed_ms"] + (i + 1) * 3_600_000, "state": state,
             "pieces": row["pieces"],
             "site": row["site"], "node": f"{row['site']}/{row['line']}"}
            for i, state in enumerate(["cutting", "in_transit", "queued"])
        ]  # fmt: skip
        return {"order": row, "sizes": {"S": 30, "M": 60, "L": 30}, "decisions": [decision],
                "commands": [self.command("c-9", "")], "events": events}  # fmt: skip

    def forecast_list(self) -> dict[str, Any]:
        ids = [
            f"{s}-{c}-{z}@{r}"
            for s in STYLES
            for c in COLOURS
            for z in "SML"
            for r in ("east", "south", "west")
        ]
        series = [
            {"unique_id": name, "q50_7d": 420.0 / (1 + i / 14), "q10_7d": 300.0 / (1 + i / 14),
             "q90_7d": 560.0 / (1 + i / 14), "sold_7d": round(400.0 / (1 + i / 13))}
            for i, name in enumerate(ids)
        ]  # fmt: skip
        return {
            "origin_ms": START // DAY * DAY,
            "model": "hist_gradient_boosting",
            "series": series,
        }

    def forecast_detail(self, unique_id: str) -> dict[str, Any]:
        dice = random.Random(unique_id)
        origin = START // DAY * DAY

        def level(day: int) -> float:
            return 55 + 14 * math.sin(day * 2 * math.pi / 7) + day * 0.15

        actuals = [
            {"ds_ms": origin + day * DAY, "y": max(0.0, round(dice.gauss(level(day), 6))),
             "stockout_min": 300 if day in (-20, -19, -6) else 0}
            for day in range(-56, 0)
        ]  # fmt: skip
        for one in actuals:
            if one["stockout_min"]:
                one["y"] = round(one["y"] * 0.45)

        def fan(begin: int) -> dict[str, Any]:
            days = [
                {"ds_ms": origin + (begin + h) * DAY,
                 "quantiles": {str(q): round(max(0, level(begin + h) + z * (7 + h * 0.7)), 1)
                               for q, z in ((0.025, -1.96), (0.1, -1.28), (0.25, -0.67), (0.5, 0),
                                            (0.75, 0.67), (0.9, 1.28), (0.975, 1.96))}}
                for h in range(14)
            ]  # fmt: skip
            return {
                "origin_ms": origin + begin * DAY,
                "model": "hist_gradient_boosting",
                "days": days,
            }

        return {
            "unique_id": unique_id,
            "actuals": actuals,
            "fan": fan(0),
            "earlier": [fan(-7), fan(-14)],
        }

    def kpi_history(self, site: str, line: str, name: str) -> dict[str, Any]:
        unit, _, _ = KPIS[name]
        points = [
            {"window_start_ms": START - (48 - i) * 900_000,
             "window_end_ms": START - (47 - i) * 900_000,
             "site": site, "line": line, "name": name, "value": value, "unit": unit}
            for i, value in enumerate(self.trend[name])
        ]  # fmt: skip
        return {"points": points}

    def readings(self, q: dict[str, str]) -> dict[str, Any]:
        base = BASES.get(q["metric"], 20.0)
        points = [
            (self.plant_ms - (200 - i) * 5_000,
             base * (1 + 0.08 * math.sin(i / 9)) if i % 60 != 30 else None)
            for i in range(200)
        ]  # fmt: skip
        return {key: q[key] for key in ("site", "node", "device", "metric")} | {"points": points}

    def command(self, command_id: str, refuse: str) -> dict[str, Any]:
        return {
            "command_id": command_id, "decision_id": "", "node": "field/field", "name": "kit",
            "args": {}, "status": "refused" if refuse else "done", "reason": refuse,
            "issued_wall_ms": self.wall_ms - 90, "issued_plant_ms": self.plant_ms,
            "done_wall_ms": self.wall_ms, "done_plant_ms": self.plant_ms,
        }  # fmt: skip

    def query(self, sql: str) -> dict[str, Any]:
        if "last_state" in sql:
            return {"columns": ["state", "orders", "pieces"],
                    "rows": [["delivered", 41, 6120], ["sewing", 11, 1980]], "ms": 2.3}  # fmt: skip
        return {"columns": ["seq", "ts", "node", "station", "state"],
                "rows": [[18211, "2026-01-06T10:04:11", "hangzhou/line-2", "st-05", "down"]],
                "ms": 1.8}  # fmt: skip
