"""Plausible moving data of a garment maker, for the stand-in of the platform."""

import math
import random
from typing import Any

from standin_answers import Answers
from standin_duel import Duel
from standin_facts import (
    BASES,
    COLOURS,
    DAY,
    KPIS,
    METRICS,
    ORDER_STATES,
    SITES,
    START,
    STATES,
    STATIONS,
    STYLES,
)
from standin_plan import PlanAnswers


class Maker(Answers):
    """The whole maker; `step` returns what changed, by topic."""

    def __init__(self, seed: int, wall_ms: int) -> None:
        self.random = random.Random(seed)
        self.wall_ms = self.first_wall_ms = wall_ms
        self.plant_ms = START
        self.speed, self.state = 60.0, "running"
        self.sensors: set[str] = set()
        self.beats = 0
        self.touched: dict[str, Any] = {}
        self.lines = [f"{site}/line-{n}" for site in SITES for n in (1, 2, 3)]
        self.floor = {
            f"{line}/st-{n:02d}": {
                "state": self.random.choice(STATES), "order": "", "op": f"op-{n}", "pieces": n * 9,
            }
            for line in self.lines for n in range(1, STATIONS + 1)
        }  # fmt: skip
        self.floor["suzhou/line-2/st-08"]["state"] = "down"
        for n in range(3, 8):
            self.floor[f"dongguan/line-3/st-{n:02d}"]["state"] = "setup"
        self.orders = {row["order"]: row for row in (self._order(n) for n in range(64))}
        self.devices = self._devices()
        self.entries = [self._entry(n) for n in range(1, 61)]
        self.trace: dict[str, Any] | None = None
        self.strip: dict[str, Any] | None = self._strip(4)
        self.trend = {
            name: [base * (1 + 0.05 * math.sin(i / 6)) * self.random.uniform(0.97, 1.03)
                   for i in range(48)]
            for name, (_, base, _) in KPIS.items()
        }  # fmt: skip
        self.pending: list[tuple[int, str]] = []
        self.duel = Duel(seed)
        self.plans = PlanAnswers()

    def _order(self, n: int) -> dict[str, Any]:
        pick = self.random.choice
        state = pick(ORDER_STATES)
        pieces = pick([100, 120, 180, 240, 400])
        line = pick(self.lines)
        site, name = ("", "") if state == "received" else line.split("/")
        placed = START - n * 2_300_000
        due = placed + self.random.randint(30, 90) * 3_600_000
        done = state in ("packed", "delivered")
        return {
            "order": f"o-{4210 - n}", "kind": "seller" if n % 4 else "replenishment",
            "seller": f"seller-{n % 5 + 1}" if n % 4 else "", "style": pick(STYLES),
            "colour": pick(COLOURS), "pieces": pieces, "region": pick(["east", "south", "west"]),
            "site": site, "line": name, "state": state, "placed_ms": placed, "due_ms": due,
            "promised_ms": due - 7_200_000 if site else 0,
            "sewn": pieces if done else pieces // 3 if state == "sewing" else 0,
            "delivered": pieces if state == "delivered" else 0, "weight": 8 if n % 9 == 0 else 1,
            "reason": f"{site or 'no plant'}: 2 days earlier, 0.4 yuan per piece dearer",
            "reason_zh": "早两天，每件贵 0.4 元", "late": n % 8 == 3,
        }  # fmt: skip

    def _devices(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for line in self.lines:
            metrics = {
                f"st-{n:02d}/{name}": {"value": BASES[name], "unit": unit, "ts_ms": START}
                for n in range(1, STATIONS + 1) for name, unit in METRICS.items()
            }  # fmt: skip
            found[line] = self._device("line", "gateway", metrics)
        for site, region in SITES.items():
            found[f"{site}/plant"] = self._device("plant", "gateway", {})
            found[f"{region}/warehouse"] = self._device("warehouse", "gateway", {})
        found["field/field"] = self._device("field", "gateway", {})
        found["market/seller-3"] = {**self._device("seller", "gateway", {}), "online": False}
        return found

    def _device(self, kind: str, source: str, metrics: dict[str, Any]) -> dict[str, Any]:
        return {"kind": kind, "source": source, "online": True, "last_ms": self.wall_ms,
                "metrics": metrics}  # fmt: skip

    def _entry(self, n: int) -> dict[str, Any]:
        level, kind, text, zh = [
            ("info", "order", "Order o-4201 is on the hangers.", "订单 o-4201 已上线。"),
            ("info", "decision", "o-4198 goes to suzhou line-1: 2 days earlier.",
             "o-4198 派往苏州 line-1：早两天。"),
            ("P1", "station", "suzhou line-2 st-08 is down: thread, about 20 min.",
             "苏州 line-2 st-08 故障：断线，约 20 分钟。"),
            ("P3", "andon", "A mechanic is called to chengdu line-1 st-04.",
             "成都 line-1 st-04 呼叫机修。"),
            ("P2", "stock", "TS01-WHT-M is sold out in the east.", "TS01-WHT-M 东部断货。"),
            ("info", "forecast", "A new forecast of 270 series was made in 2.1 s.",
             "新预测：270 个序列，用时 2.1 秒。"),
        ][n % 6]  # fmt: skip
        plant = self.plant_ms - (60 - n) * 400_000
        return {"id": n, "wall_ms": self.wall_ms - (60 - n) * 6_000, "plant_ms": plant,
                "level": level, "kind": kind, "text": text, "text_zh": zh,
                "order": "o-4201" if kind == "order" else "",
                "station": "suzhou/line-2/st-08" if kind == "station" else ""}  # fmt: skip

    def _strip(self, reached: int) -> dict[str, Any]:
        said = [
            ("order", "seller-2 wants 120 TS07 in white by Friday",
             "商家 2 要 120 件 TS07，周五交"),
            ("plant", "Hangzhou: 2 days earlier than Suzhou, 0.4 yuan per piece dearer",
             "杭州：比苏州早两天，每件贵 0.4 元"),
            ("line", "line-2 sews the same bulletin: 15 min of style change instead of 90",
             "line-2 正做同类工序：换款 15 分钟而非 90 分钟"),
            ("command", "kit sent to the east warehouse, executed after 84 ms",
             "裁剪配送指令已下发东部仓，84 毫秒后执行"),
            ("piece", "first garment on the hanger at st-01", "首件在 st-01 上线"),
            ("row", "stored as row 18,211 of pieces", "存为 pieces 表第 18,211 行"),
        ]  # fmt: skip
        return {
            "order": "o-4210",
            "stages": [
                {"stage": stage, "plant_ms": START + i * 600_000, "wall_ms": self.wall_ms + i * 900,
                 "text": text, "text_zh": zh, "sql": f"SELECT * FROM {stage}s LIMIT 1"}
                for i, (stage, text, zh) in enumerate(said[:reached])
            ],
        }  # fmt: skip

    def _trace_stage(self, name: str) -> dict[str, Any]:
        latency, text, zh = {
            "sensed": (38, "st-05 reports: no current, andon red", "st-05 上报：电流 0 A，安灯红"),
            "stored": (212, "committed with 411 other rows", "与另外 411 行同一事务入库"),
            "replanned": (264, "3 orders move: o-4203 to line-1, 2 h earlier than waiting",
                          "3 个订单调整：o-4203 改派 line-1，比等待早 2 小时"),
            "commanded": (271, "redirect and expedite_repair sent", "已下发改派与优先维修"),
            "executed": (398, "both executed by the plant's gateway", "工厂网关均已执行"),
        }[name]  # fmt: skip
        return {"stage": name, "plant_ms": self.plant_ms, "wall_ms": self.wall_ms,
                "wall_latency_ms": latency, "plant_latency_ms": latency * 10, "text": text,
                "text_zh": zh, "sql": f"SELECT * FROM trace WHERE stage = '{name}'"}  # fmt: skip

    # What changes by itself, and by a person's hand.

    def clock(self) -> dict[str, Any]:
        return {"plant_ms": self.plant_ms, "wall_ms": self.wall_ms, "speed": self.speed,
                "state": self.state, "lag_ms": 40}  # fmt: skip

    def control(self, name: str, args: dict[str, Any], wall_ms: int) -> None:
        if name in ("pause", "resume"):
            self.state = "paused" if name == "pause" else "running"
        elif name == "speed":
            self.speed = float(args["factor"])
        elif name == "break_machine":
            self.speed = 10.0
            station = args["station"] or "hangzhou/line-2/st-05"
            self.floor[station] = self.touched[station] = {
                **self.floor[station], "state": "down",
            }  # fmt: skip
            self.trace = {"station": station, "stages": []}
            self.pending = [
                (wall_ms + 150 * i, stage)
                for i, stage in enumerate(
                    ["sensed", "stored", "replanned", "commanded", "executed"]
                )
            ]
        elif name == "rush_order":
            self.strip = self._strip(6)

    def raw(self, device: str, metric: str, value: float, wall_ms: int) -> dict[str, Any]:
        """Let a raw device report, and return the change of topic `devices`."""
        state = self._device("raw", "raw", {metric: {"value": value, "unit": "", "ts_ms": wall_ms}})
        state["last_ms"] = wall_ms
        self.devices[device] = state
        return {device: state}

    @staticmethod
    def live(device: dict[str, Any]) -> dict[str, Any]:
        """A device as topic `devices` has it: without the signals of stations."""
        metrics = {k: v for k, v in device["metrics"].items() if not k.startswith("st-")}
        return {**device, "metrics": metrics}

    def line_state(self, line: str) -> dict[str, Any]:
        index = self.lines.index(line)
        mine = [key.split("/")[2] for key, st in self.floor.items()
                if key.startswith(line + "/") and st["state"] == "down"]  # fmt: skip
        eff = 0.62 + 0.03 * index + 0.03 * math.sin(self.beats / 40 + index)
        return {
            "open": index != 11, "style": STYLES[index % 6], "orders": [f"o-{4190 + index}"],
            "queue": [f"o-{4200 + index}", f"o-{4180 + index}"],
            "wip": 96 + index * 7 + self.beats % 9,
            "pieces_today": 210 + index * 13 + self.beats // 10, "efficiency": eff,
            "oee": eff * 0.96, "down": mine,
            "power_kw": 4.1 + 0.2 * math.sin(self.beats / 9 + index),
        }  # fmt: skip

    def kpi(self) -> dict[str, Any]:
        items = [
            {"name": name, "unit": unit, "value": base * (1 + 0.02 * math.sin(self.beats / 30)),
             "trend": self.trend[name], "site": "", "iso22400": iso}
            for name, (unit, base, iso) in KPIS.items()
        ]  # fmt: skip
        ends = [START - (47 - i) * 900_000 for i in range(48)]
        return {"window_ms": 900_000, "ends_ms": ends, "items": items}

    def plan(self) -> dict[str, Any]:
        bars = []
        for index, line in enumerate(self.lines):
            at = self.plant_ms - 5 * 3_600_000
            dice = random.Random(index)
            for n in range(7):
                length = dice.randint(2, 9) * 3_600_000
                setup = dice.choice([900_000, 3_600_000, 5_400_000])
                site, name = line.split("/")
                bars.append({
                    "order": f"o-{4180 + index * 5 + n}", "site": site, "line": name,
                    "start_ms": at + setup, "end_ms": at + setup + length, "setup_ms": setup,
                    "state": "sewing" if n == 0 else "queued" if n < 3 else "in_transit",
                    "late": (n * 5 + index) % 9 == 4, "style": STYLES[(index + n) % 6],
                })  # fmt: skip
                at += setup + length
        return {"now_ms": self.plant_ms, "bars": bars}

    def forecast(self) -> dict[str, Any]:
        return {
            "origin_ms": START // DAY * DAY, "model": "hist_gradient_boosting", "seconds": 2.1,
            "series_count": 162, "note": "The burst of Sunday is still in the level of TS07.",
            "note_zh": "周日的爆单仍影响 TS07 的水平。", "pinball": 3.42, "coverage_80": 0.78,
            "bias": 0.031, "top": [],
        }  # fmt: skip

    def snapshot(self, topic: str) -> Any:
        match topic:
            case "floor":
                return self.floor
            case "orders":
                return self.orders
            case "devices":
                return {name: self.live(device) for name, device in self.devices.items()}
            case "log":
                return self.entries
            case "strip":
                return self.strip
            case "trace":
                return self.trace
            case "lines":
                return {line: self.line_state(line) for line in self.lines}
            case "clock":
                return self.clock()
            case "kpi":
                return self.kpi()
            case "plan":
                return self.plan()
            case "board":
                return self.plans.board()
            case "plan_bars":
                return self.plans.bars()
            case "plan_proposal":
                return self.plans.proposed()
            case "forecast":
                return self.forecast()
            case "compare":
                return self.duel.state
            case "compare_days":
                return self.duel.days
            case "compare_marks":
                return self.duel.marks
            case _:
                return []

    def _floor_change(self) -> dict[str, Any]:
        change, self.touched = self.touched, {}
        for key in self.random.sample(sorted(self.floor), 6):
            state = self.floor[key]["state"]
            if state in ("down", "setup"):
                continue
            change[key] = self.floor[key] = {
                **self.floor[key], "state": self.random.choice(STATES),
                "order": f"o-{4190 + self.lines.index(key.rsplit('/', 1)[0])}",
                "pieces": self.floor[key]["pieces"] + 1,
            }  # fmt: skip
        return change

    def step(self, wall_ms: int) -> dict[str, Any]:
        """Move on to `wall_ms` and return the changes by topic."""
        if self.state == "running":
            self.plant_ms += int((wall_ms - self.wall_ms) * self.speed)
        self.wall_ms = wall_ms
        self.beats += 1
        changes: dict[str, Any] = {"clock": self.clock(), **self.duel.step(wall_ms)}
        if self.beats % 2 == 0:
            changes["floor"] = self._floor_change()
            changes["lines"] = {line: self.line_state(line) for line in self.lines}
        if self.beats % 10 == 0:
            changes["kpi"] = self.kpi()
            changes["plan"] = self.plan()
            for device in list(self.devices)[:12]:
                self.devices[device]["last_ms"] = wall_ms
            changes["devices"] = {d: self.live(self.devices[d]) for d in list(self.devices)[:12]}
        for topic in self.sensors:
            metric = topic.rsplit("/", 1)[1]
            value = BASES.get(metric, 20.0) * self.random.uniform(0.93, 1.07)
            changes[topic] = [[self.plant_ms, round(value, 3)]]
        while self.trace is not None and self.pending and self.pending[0][0] <= wall_ms:
            self.trace["stages"].append(self._trace_stage(self.pending.pop(0)[1]))
            changes["trace"] = self.trace
        return changes
