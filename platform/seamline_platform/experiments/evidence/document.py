"""Evidence as one JSON object."""

from typing import Any, Final

from seamline_platform.experiments.evidence.designs import Step, switch_names
from seamline_platform.experiments.evidence.intervals import Difference, Interval
from seamline_platform.experiments.evidence.jobs import knobs_document
from seamline_platform.experiments.evidence.kpis import PRIMARY
from seamline_platform.experiments.evidence.rows import rows_of
from seamline_platform.experiments.evidence.study import Study

DIGITS: Final = 9
"""Significant digits of every number: what a digest holds, too."""


def document(study: Study) -> dict[str, Any]:
    """Return a study as JSON values."""
    comparison, options = study.comparison, study.options
    return {
        "experiment": options.experiment,
        "scenario": options.setting.scenario,
        "capacity": options.setting.capacity,
        "days": options.setting.days,
        "seeds": options.seeds,
        "evaluation_seeds": list(comparison.plan.seeds),
        "primary": PRIMARY,
        "interval": options.method,
        "rows": [row.document() for row in rows_of(comparison)],
        "policies": [
            {"policy": name, **{metric: _interval(value) for metric, value in metrics.items()}}
            for name, metrics in comparison.policies.items()
        ],
        "steps": [
            _step(step, metric, difference)
            for step, differences in comparison.steps
            for metric, difference in differences.items()
        ],
        "shapley": {name: _interval(value) for name, value in comparison.shapley.items()},
        "hardware": [
            {"percent": v.percent, "steps": [
                {"kind": kind, "switch": switch, **_difference(d)}
                for (kind, switch), d in v.steps.items()]}
            for v in study.hardware
        ],
        "knobs": {name: knobs_document(k) for name, k in comparison.plan.knobs.items()},
        "tuning": {key: value for key, value in study.tuning.items() if key != "policies"},
        "notes": list(study.notes),
        "code_hash": study.code,
        "scenario_hash": study.scenario,
        "digest": study.digest,
    }  # fmt: skip


def _step(step: Step, metric: str, difference: Difference) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "switch": step.switch,
        "from": step.start,
        "to": step.end,
        "metric": metric,
        **_difference(difference),
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        **_interval(difference.interval),
        "distinguishable": difference.distinguishable,
        "verdict": difference.verdict,
        "p": _short(difference.p),
        "p_holm": _short(difference.p_adjusted),
        "smallest_detectable": _short(difference.detectable),
    }


def _interval(value: Interval) -> dict[str, float]:
    return {"mean": _short(value.mean), "lo": _short(value.lo), "hi": _short(value.hi)}


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def switch_title(switch: str) -> str:
    """Return the English name of a switch."""
    return "all" if switch == "all" else switch_names()[switch].en
