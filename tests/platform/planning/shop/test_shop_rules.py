"""One rule works in the running factory, in plans and in the benchmark."""

from dataclasses import replace
from pathlib import Path

import pytest

from seamline_broker.errors import PluginError
from seamline_platform.planning.rules import rule_names
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import evaluate
from seamline_platform.planning.shop.dispatching import best_rule, rule_plan
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Line, Order, Problem, Style
from seamline_platform.planning.shop.schedule import schedule_of

LONGEST = """
class Mine:
    def order(self, waiting, context):
        return sorted(waiting, key=lambda job: (-job.work_ms, job.order))
"""
FORGETS = """
class Mine:
    def order(self, waiting, context):
        return waiting[1:]
"""
SHORTEST_SETUP = """
class Mine:
    def order(self, waiting, context):
        return sorted(waiting, key=lambda job: (context.setup_ms(None, job), job.order))
"""


def four(**changes: object) -> Problem:
    """One line that is free at 10; orders of 10, 30, 20 and 40 ticks, kits there from the start."""
    sizes = {"A": 10, "B": 30, "C": 20, "D": 40}
    styles = ("TS01", "TS02", "TS01", "TS02")
    return Problem(
        name="four",
        styles=(Style("TS01", "tee", 1.0), Style("TS02", "tee", 1.0)),
        orders=tuple(
            Order(n, s, "red", p, due=50, kit=0)
            for (n, p), s in zip(sizes.items(), styles, strict=True)
        ),
        lines=(Line("a", 1, {"tee": 1.0}, free=10, style="TS02", colour="red"),),
    )


def _sequence(tmp_path: Path, code: str) -> str:
    file = tmp_path / "mine.py"
    file.write_text(code)
    p = four()
    result = rule_plan(compile_problem(p), f"{file}:Mine")
    return "".join(p.orders[i].order for i in result.plan.sequences[0])


def test_a_loose_rule_sequences_a_shop(tmp_path: Path) -> None:
    assert _sequence(tmp_path, LONGEST) == "DBCA"


def test_a_loose_rule_knows_what_the_line_is_set_up_for(tmp_path: Path) -> None:
    # The line sews TS02 (B, D) first, then what is left.
    assert _sequence(tmp_path, SHORTEST_SETUP) == "BDAC"


def test_a_rule_that_forgets_an_order_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="was given 4 jobs and returned 3"):
        _sequence(tmp_path, FORGETS)
    with pytest.raises(PluginError, match="magic"):
        rule_plan(compile_problem(four()), "magic")


def test_every_registered_rule_makes_a_plan_that_the_checker_passes() -> None:
    p = draw_plant(Recipe(14, 3, 6))
    lock = next(o.order for o in p.orders if p.can(p.lines[0], o))
    c = compile_problem(replace(p, fixed={p.lines[0].line: (lock,)}))
    for name in rule_names():
        result = rule_plan(c, name)
        assert result.cost == evaluate(c, result.plan)
        assert check(c.problem, schedule_of(c, result.plan)) == []


def test_the_registered_edd_and_the_shops_own_give_equal_plans() -> None:
    p = draw_plant(Recipe(30, 1, 8))
    # Due dates that differ, so that both have the same ties to break: none.
    orders = tuple(replace(o, due=o.due * 100 + k) for k, o in enumerate(p.orders))
    c = compile_problem(replace(p, orders=orders))
    assert rule_plan(c, "edd").plan == best_rule(c, ("EDD",)).plan
