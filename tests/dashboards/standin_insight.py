"""What the stand-in knows of insight: trend alarms, quality of forecasts, reasons, models."""

import math
import random
from typing import Any

from standin_facts import DAY, START, STYLES

MODEL = "hist_gradient_boosting"
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
ORIGIN = START // DAY * DAY
MODELS = ("m-003", "m-002", "m-001")


class InsightAnswers:
    """Answers about demand; which model is champion is the only state."""

    champion = "m-002"

    def alarms(self) -> dict[str, Any]:
        def alarm(style: str, up: bool, ago: int) -> dict[str, Any]:
            change = ORIGIN - (ago + 4) * DAY
            return {
                "style": style, "direction": "up" if up else "down", "before": 20.0,
                "after": 41.0 if up else 9.5, "change_ms": change, "alarm_ms": ORIGIN - ago * DAY,
                "strength": 1.6, "recent": ago < 14,
                "reason": f"{style} sells {'more' if up else 'less'} since then.",
                "reason_zh": f"{style} 自那时起销量{'上升' if up else '下降'}。",
            }  # fmt: skip

        dice = random.Random(3)
        styles = [
            {"style": style, "per_day": round(60 / (1 + i), 1),
             "weeks": [None, *(round(dice.uniform(40, 60) / (1 + i), 1) for _ in range(15))]}
            for i, style in enumerate(STYLES)
        ]  # fmt: skip
        return {
            "closed_ms": ORIGIN - DAY, "days": 120, "first_days": 28,
            "false_alarms_per_year": 0.1, "styles": styles,
            "alarms": [alarm(STYLES[0], True, 2), alarm(STYLES[1], False, 5),
                       alarm(STYLES[2], True, 40)],
        }  # fmt: skip

    def quality(self) -> dict[str, Any]:
        nights = [
            {"origin_ms": ORIGIN - ago * DAY, "model": MODEL, "days": min(ago, 14),
             "values": 1_400 * min(ago, 14), "pinball": 0.82 + 0.05 * math.sin(ago),
             "coverage_80": 0.79 + 0.02 * math.cos(ago), "bias": 0.03 * math.sin(ago / 2),
             "naive_pinball": 0.97, "naive_coverage_80": 0.74, "naive_bias": -0.01}
            for ago in range(14, 0, -1)
        ]  # fmt: skip
        horizons = [
            {"ahead": ahead, "values": 1_400 * (15 - ahead), "pinball": 0.75 + 0.01 * ahead,
             "coverage_80": 0.8, "bias": 0.01, "naive_pinball": 0.9 + 0.012 * ahead}
            for ahead in range(1, 15)
        ]  # fmt: skip
        levels = [
            {"level": level, "below": max(0.0, level - 0.06), "at_most": min(1.0, level + 0.05),
             "values": 19_600}
            for level in LEVELS
        ]  # fmt: skip
        levels[-1] |= {"below": 0.85, "at_most": 0.88}  # too low: sales exceed it too often
        return {"model": MODEL, "nights": nights, "horizons": horizons, "levels": levels}

    def explanation(self, unique_id: str) -> dict[str, Any]:
        parts = [
            ("last_week", 38.0, "The last 7 days sold more than usual", "最近 7 天卖得比平时多"),
            ("promotion", -12.0, "Recent sales were helped by a promotion", "近期销量得益于促销"),
            ("weekday", 0.0, "Weekdays even out", "星期影响相互抵消"),
        ]
        return {
            "unique_id": unique_id, "origin_ms": ORIGIN, "model": MODEL, "asked": MODEL,
            "days_ms": [ORIGIN + day * DAY for day in range(14)],
            "reference": [50.0] * 14, "forecast": [50.0 + 26 / 7] * 14,
            "reference_7d": 350.0, "forecast_7d": 376.0,
            "parts": [
                {"name": name, "pieces_7d": pieces, "days": [pieces / 7] * 14,
                 "text": text, "text_zh": text_zh}
                for name, pieces, text, text_zh in parts
            ],
            "exact": True, "evaluations": 8, "seconds": 2.4,
            "note": "The model was asked 8 times: every combination of these parts was tried.",
            "note_zh": "共询问模型 8 次：已尝试这些因素的所有组合。",
        }  # fmt: skip

    def models(self) -> dict[str, Any]:
        def metrics(pinball: float) -> dict[str, Any]:
            return {"origins": 3, "days": 42, "values": 58_000, "pinball": pinball,
                    "coverage_80": 0.79, "bias": 0.02, "naive_pinball": 0.97,
                    "skill": round(1 - pinball / 0.97, 3)}  # fmt: skip

        def model(place: int, name: str) -> dict[str, Any]:
            number = int(name[-3:])
            status = "champion" if name == self.champion else "candidate"
            if status == "candidate" and place == 2:
                status = "retired"
            return {
                "id": name, "model": MODEL if number > 1 else "seasonal_naive", "status": status,
                "params": {}, "code_version": "c0de", "data_hash": "da7a", "rows": 176_000,
                "series": 1_470, "trained_ms": ORIGIN - (4 - number) * 7 * DAY, "seconds": 6.2,
                "rss_mb": 310.0, "metrics": metrics(0.97 - 0.06 * number) if number < 3 else None,
                "kept": True, "recalibrate": True, "cause": "schedule", "source": "demo",
                "nights": 7, "fallbacks": 0, "note": "", "note_zh": "",
            }  # fmt: skip

        return {
            "champion": self.champion, "rollback_to": "m-001" if self.champion != "m-001" else "",
            "next_training_ms": ORIGIN + 3 * DAY, "training": "",
            "models": [model(place, name) for place, name in enumerate(MODELS)],
            "events": [
                {"seq": 4, "plant_ms": ORIGIN - 7 * DAY, "kind": "promoted", "model_id": "m-002",
                 "cause": "schedule", "note": "better than the champion before",
                 "note_zh": "优于之前的冠军模型"},
            ],
        }  # fmt: skip
