"""What the stand-in knows of plans: a board that a person can accept, reject, edit and undo."""

from typing import Any

from standin_facts import DAY, SITES, START, STYLES

HOUR = 3_600_000
MINUTE = 60_000
LINES = [f"{site}/line-{n}" for site in SITES for n in (1, 2, 3)]


def _figures(cost: int, late: int, orders: int) -> dict[str, Any]:
    return {
        "cost": cost, "tardiness": cost - 420, "setup": 320, "move": 100, "energy": 0,
        "late": late, "orders": orders, "p50": cost * 1.1, "p90": cost * 1.45,
    }  # fmt: skip


def _version(number: int, status: str, cost: int, **more: Any) -> dict[str, Any]:
    return {
        "version": number, "status": status, "trigger": "breakdown",
        "station": "hangzhou/line-1/st-05", "order": "",
        "reason": f"Plan {number}: three orders leave Hangzhou line-1 while st-05 is repaired.",
        "reason_zh": f"计划 {number}：st-05 维修期间，三个订单离开杭州 1 线。",
        "by": "policy", "plant_ms": START + number * HOUR, "wall_ms": START, "latency_ms": 212,
        "figures": _figures(cost, 3, 36), "moved": 3, **more,
    }  # fmt: skip


class PlanAnswers:
    """The board; `edits` keeps what a person tried."""

    def __init__(self) -> None:
        self.accepted = _version(7, "accepted", 5_200, by="policy", moved=0)
        self.proposal: dict[str, Any] | None = _version(8, "proposal", 3_900)
        self.accept = "ask"
        self.locked: list[str] = []
        self.edits: list[dict[str, Any]] = []
        self.solver = "working"
        self.history = [_version(6, "superseded", 6_100), _version(5, "rejected", 7_000)]

    def bars(self, shifted: bool = False) -> dict[str, dict[str, Any]]:
        """Return three orders by line; a proposal moves the second of every line."""
        bars: dict[str, dict[str, Any]] = {}
        for index, line in enumerate(LINES):
            for n in range(3):
                moved = shifted and n == 1 and index < 3
                site, name = LINES[index + 3].split("/") if moved else line.split("/")
                begin = START + n * 5 * HOUR + (index % 4) * HOUR + (2 * HOUR if moved else 0)
                order = f"o-{4180 + index * 3 + n}"
                bars[order] = {
                    "order": order, "site": site, "line": name, "start_ms": begin,
                    "sew_ms": begin + 30 * MINUTE, "end_ms": begin + 4 * HOUR, "setup_min": 30,
                    "kit_ms": begin - HOUR, "due_ms": begin + 6 * HOUR,
                    "late_min": 45 if (index + n) % 7 == 3 else 0, "p50_ms": begin + 4 * HOUR,
                    "p90_ms": begin + 5 * HOUR, "style": STYLES[(index + n) % 6],
                    "colour": "BLK", "pieces": 240, "weight": 1,
                    "state": "sewing" if n == 0 else "queued" if n == 1 else "promised",
                    "frozen": n == 0, "locked": order in self.locked,
                }  # fmt: skip
        return bars

    def difference(self) -> list[dict[str, Any]]:
        if self.proposal is None:
            return []
        old, new = self.bars(), self.bars(shifted=True)
        moved = [order for order in old if old[order]["site"] != new[order]["site"]]
        rows = [
            {"order": order, "kind": "moved",
             "from_line": f"{old[order]['site']}/{old[order]['line']}",
             "to_line": f"{new[order]['site']}/{new[order]['line']}",
             "before_ms": old[order]["end_ms"], "after_ms": new[order]["end_ms"],
             "shift_min": 120, "late_before_min": 300, "late_after_min": 0}
            for order in moved
        ]  # fmt: skip
        last = list(old)[-1]
        rows.append({
            "order": last, "kind": "earlier", "from_line": LINES[-1], "to_line": LINES[-1],
            "before_ms": old[last]["end_ms"], "after_ms": old[last]["end_ms"] - HOUR,
            "shift_min": -60, "late_before_min": 0, "late_after_min": 0,
        })  # fmt: skip
        return rows

    def board(self) -> dict[str, Any]:
        words = {"auto": ("Better plans are accepted.", "自动接受更优计划。"),
                 "ask": ("A person is asked.", "由人工确认。")}[self.accept]  # fmt: skip
        failed = self.solver == "failed"
        return {
            "now_ms": START, "accepted": self.accepted, "provisional": None,
            "proposal": self.proposal, "difference": self.difference(), "followed": True,
            "locked": self.locked, "can_undo": len(self.history) > 2,
            "unplanned": {"o-9001": "No line sews jackets. Give a line an efficiency for it."},
            "solver": {
                "state": self.solver,
                "reason": "its process was killed" if failed else "",
                "reason_zh": "进程已被终止" if failed else "", "pid": 0 if failed else 4711,
                "restarts": 1 if failed else 0, "improvements": 4, "cost": 3_900, "cpu_s": 2.4,
                "budget_s": 8.0, "method": "annealing",
            },
            "policy": {"accept": self.accept, "text": words[0], "text_zh": words[1]},
            "history": self.history,
        }  # fmt: skip

    def proposed(self) -> dict[str, Any]:
        if self.proposal is None:
            return {"version": 0, "status": "none", "bars": []}
        bars = list(self.bars(shifted=True).values())
        return {"version": self.proposal["version"], "status": "proposal", "bars": bars}

    def view(self) -> dict[str, Any]:
        return {"board": self.board(), "accepted": list(self.bars().values()),
                "proposal": self.proposed()}  # fmt: skip

    def act(self, what: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Do what a person asks; None if it is not possible now."""
        if what == "edit":
            return self._edit(body)
        if what == "policy":
            self.accept = body["accept"]
        elif what == "undo":
            self.accepted = {**self.history.pop(0), "status": "accepted"}
        elif self.proposal is None or body["version"] != self.proposal["version"]:
            return None
        elif what == "accept":
            self.history.insert(0, {**self.accepted, "status": "superseded"})
            self.accepted = {**self.proposal, "status": "accepted", "by": "person"}
            self.proposal = None
        else:
            self.history.insert(0, {**self.proposal, "status": "rejected", "by": "person"})
            self.proposal = None
        return self.view()

    def _edit(self, body: dict[str, Any]) -> dict[str, Any]:
        self.edits.append(body)
        if self.bars()[body["order"]]["frozen"]:
            return {"ok": False, "reason": f"{body['order']} is being sewn and is not moved.",
                    "reason_zh": f"{body['order']} 正在生产，不能移动。", "cost_before": 5_200,
                    "cost_after": None, "version": 0}  # fmt: skip
        if body["kind"] == "lock":
            self.locked.append(body["order"])
        return {"ok": True, "reason": "The change is proposed.", "reason_zh": "调整已提交建议。",
                "cost_before": 5_200, "cost_after": 5_350, "version": 9}  # fmt: skip

    def order(self, order: str) -> dict[str, Any] | None:
        planned = self.bars().get(order)
        if planned is None:
            return None
        said = [
            ("where", "It is on this line because every other one would be later.",
             "其他产线都会更晚，因此排在此线。"),
            ("when", "It waits for its cut kit until 12:30.", "裁片 12:30 才到线。"),
            ("earlier", "Cloth two hours earlier would bring it 95 min forward.",
             "面料早到两小时可提前 95 分钟。"),
            ("displaced", "o-4183 would be 40 min earlier without it.",
             "没有它，o-4183 可提前 40 分钟。"),
        ]  # fmt: skip
        return {
            "order": order, "planned": planned, "unplanned": "",
            "explanation": [{"topic": t, "text": a, "text_zh": b} for t, a, b in said],
            "lateness": [
                {"cause": "capacity", "minutes": 30, "text": "The line is full.",
                 "text_zh": "产线已满。"},
                {"cause": "breakdown", "minutes": 15, "text": "st-05 stood.",
                 "text_zh": "st-05 停机。"},
            ],
            "promised_ms": planned["due_ms"], "delivery_p50_ms": planned["p50_ms"] + HOUR,
            "delivery_p90_ms": planned["p90_ms"] + HOUR,
            "actual": self.actual(order, 35) if order.endswith("0") else None,
        }  # fmt: skip

    def actual(self, order: str, error_min: int) -> dict[str, Any]:
        bar = self.bars()[order]
        return {
            "order": order, "site": bar["site"], "line": bar["line"], "style": bar["style"],
            "version": 7, "planned_start_ms": bar["sew_ms"], "actual_start_ms": bar["sew_ms"],
            "planned_end_ms": bar["end_ms"], "actual_end_ms": bar["end_ms"] + error_min * MINUTE,
            "error_min": error_min, "p50_ms": bar["p50_ms"], "p90_ms": bar["p90_ms"],
        }  # fmt: skip

    def predictions(self) -> dict[str, Any]:
        def candidate(name: str, p50: float, better: float) -> dict[str, Any]:
            return {"name": name, "cost": int(p50), "mean": p50 * 1.05, "p50": p50,
                    "p90": p50 * 1.4, "late_p50": 3.0, "better_by": better,
                    "low": better - 200, "high": better + 200}  # fmt: skip

        candidates = [candidate("provisional", 6_400, 2_100), candidate("improved", 4_300, 0)]
        return {
            "predictions": [
                {"version": 7, "plant_ms": START, "trigger": "breakdown", "chosen": "improved",
                 "runs": 60, "candidates": candidates, "predicted": 12, "realised": 9,
                 "mean_error_min": 14.0, "covered_p90": 8 / 9},
            ],
            "actuals": [self.actual(f"o-{4180 + 10 * n}", 20 * n - 30) for n in range(3)],
            "lines": [
                {"line": LINES[0], "orders": 6, "mean_error_min": 22.0, "efficiency": 0.49},
                {"line": LINES[1], "orders": 5, "mean_error_min": -8.0, "efficiency": 0.55},
            ],
        }  # fmt: skip

    def promise(self, q: dict[str, str]) -> dict[str, Any]:
        pieces = int(q["pieces"])

        def option(site: str, day: int, price: float, text: str, zh: str) -> dict[str, Any]:
            return {"site": site, "region": SITES[site], "sewn_ms": START // DAY * DAY + day * DAY,
                    "arrives_ms": START // DAY * DAY + day * DAY, "cost_yuan": price * 0.9,
                    "price_yuan": price, "price_per_piece_yuan": price / pieces,
                    "moves": "o-4190" if day == 2 else "", "text": text, "text_zh": zh}  # fmt: skip

        best = option("hangzhou", 2, 3.5 * pieces, "", "")
        later = option("chengdu", 5, 3.29 * pieces, "3 days later is 6% cheaper (chengdu)",
                       "晚 3 天，便宜 6%（chengdu）")  # fmt: skip
        few = pieces < 100
        lot = {
            "pieces": pieces, "best": None if few else best, "in_time": not few,
            "alternatives": [] if few else [later],
            "refused": f"{pieces} pieces; the least order is 100." if few else "",
            "refused_zh": f"{pieces} 件，起订量 100 件。" if few else "",
        }  # fmt: skip
        return {"style": q["style"], "pieces": pieces, "region": q["region"],
                "due_ms": START // DAY * DAY + int(q.get("days", "7")) * DAY, "lots": [lot],
                "orders": 41, "moq_pieces": 100, "ms": 4.2}  # fmt: skip
