"""Rows, means and targets by figures that can be computed by hand."""

import pytest

from seamline_platform.experiments.scheduling.contract import Checked
from seamline_platform.experiments.scheduling.outcome import Outcome, outcome_of
from seamline_platform.experiments.scheduling.rows import (
    few,
    gap,
    improvement,
    mean_row,
    over_budget,
    ratio_to_atcs,
    row_of,
)
from seamline_platform.experiments.scheduling.study import CaseResult
from seamline_platform.experiments.scheduling.targets import part_lines, targets_of


class Named:
    family, best_known = "jobshop", 50

    def __init__(self, name):
        self.name = name

    def check(self, solution):
        return Checked(0)


def outcome(solver, objective, **more):
    more = {"status": "ok", "budget_cpu_s": 20.0, "cpu_s": 10.0, **more}
    return Outcome("jobshop", "la01", solver, 1, objective=objective, **more)


def result(name, ours, rule, **columns):
    rules = outcome("rules", rule, rule="ATCS/EDD", by_rule={"ATCS/EDD": rule, "ATCS/FIFO": 99})
    found = {"Seamline": outcome("Seamline", ours), **columns}
    return CaseResult(Named(name), rules, found)


def test_gap_and_improvement():
    assert gap(55, 50) == pytest.approx(0.1)
    assert gap(0, 0) == 0.0
    assert gap(3, 0) is None
    assert gap(None, 50) is None
    assert improvement(60, 80) == pytest.approx(0.25)
    assert improvement(0, 0) == 0.0
    assert improvement(5, 0) is None


def test_a_row_says_what_everybody_found():
    failed = outcome("CpSat", None, status="failed", reason="it raised")
    row = row_of(result("la01", 60, 80, cpsat_cold=outcome("CpSat", 90), cpsat_hinted=failed))
    assert (row["objective"], row["best_known"], row["best_rule"]) == (60, 50, 80)
    assert row["gap"] == pytest.approx(0.2)
    assert row["improvement_over_best_rule"] == pytest.approx(0.25)
    assert (row["cpsat_cold"], row["cpsat_hinted"], row["pyjobshop"]) == (90, None, None)
    assert row["failures"] == {"cpsat_hinted": "it raised"}
    assert row["feasible"]
    assert row["never_worse"]
    assert row["atcs"] == 80


def test_worse_than_the_rules_is_seen():
    rows = [row_of(result("la01", 81, 80))]
    assert not rows[0]["never_worse"]
    (line,) = [t for t in targets_of(rows, {}) if t.what.startswith("never worse")]
    assert line.ok is False
    assert "jobshop la01" in str(line.reached)


def test_means_are_over_what_is_there():
    rows = [
        row_of(result("la01", 60, 80, pyjobshop=outcome("P", 90))),
        row_of(result("la02", 40, 80)),
    ]
    mean = mean_row(rows, "mean")
    assert mean["objective"] == 50
    assert mean["gap"] == pytest.approx(0.0)
    assert mean["improvement_over_best_rule"] == pytest.approx(0.375)
    assert mean["pyjobshop"] == 90
    assert mean["counts"]["pyjobshop"] == 1
    assert few(mean, "pyjobshop") == "x1.50 (1)"
    assert few(mean, "cpsat_cold") == ""
    low, high = mean["improvement_95"]  # of 0.25 and 0.5: 0.375 -+ 12.706 x 0.125
    assert (low, high) == (pytest.approx(0.375 - 1.5883, abs=1e-3), pytest.approx(1.9633, abs=1e-3))
    assert mean["pyjobshop_over_ours"] == pytest.approx(1.5)


def test_ratio_leaves_out_instances_whose_atcs_is_nought():
    rows = [
        {"objective": 5, "atcs": 10},
        {"objective": 30, "atcs": 40},
        {"objective": 1, "atcs": 0},
    ]
    assert ratio_to_atcs(rows) == (pytest.approx(0.625), pytest.approx(0.7))


def test_a_budget_is_over_when_clearly_over():
    assert not over_budget(outcome("S", 1, budget_cpu_s=5.0, cpu_s=6.7))
    assert over_budget(outcome("S", 1, budget_cpu_s=5.0, cpu_s=6.8))


def test_targets_count_only_at_their_budget():
    rows = [row_of(result(f"la{k:02d}", 50, 80)) for k in range(1, 5)]
    assert next(t for t in targets_of(rows, {}) if t.what.startswith("la:")).ok
    short = [{**row, "budget_cpu_s": 1.0} for row in rows]
    assert next(t for t in targets_of(short, {}) if t.what.startswith("la:")).ok is None


def test_parts_give_a_line_for_every_target():
    figures = {
        "orders_1000": {"gap": 0.005, "target": 0.007, "ok": True},
        "note": "x", "deeper": {"speed": {"reached": 3, "target": ">= 4", "ok": False}},
    }  # fmt: skip
    lines = list(part_lines("dispatch", figures))
    assert [(t.what, t.target, t.reached, t.ok) for t in lines] == [
        ("dispatch orders 1000", "0.007", 0.005, True),
        ("dispatch deeper speed", ">= 4", 3, False),
    ]
    speed = {"plain_per_s": 6_000, "plain_target": 5_000, "equal": True, "ok": True, "numba": True,
             "numba_target": 100_000}  # fmt: skip
    assert [(t.what, t.target, t.reached, t.ok) for t in part_lines("decoder", speed)] == [
        ("decoder plain per s", ">= 5,000", 6_000, True),
        ("decoder equal results", "yes", "yes", True),
    ]
    sizes = {"sizes": [{"size": "1000x10", "gap": 0.01, "gap_target": 0.007, "rss_target": None}]}
    (line,) = part_lines("dispatch", sizes)
    assert (line.what, line.target, line.ok) == ("dispatch sizes 1000x10 gap", "<= 0.007", False)
    assert all(t.ok is None for t in targets_of([], {"dispatch": figures}, quick=True))
    (line,) = part_lines("cutting", {"not_measured": "spyrrow is missing"})
    assert line.ok is None
    assert "spyrrow" in str(line.reached)


def test_an_outcome_comes_back_from_its_document():
    one = outcome("Seamline", 7, curve=((0.5, 9), (1.0, 7)), solution={"starts": [[[0, 1]]]})
    assert outcome_of(one.document()) == one
