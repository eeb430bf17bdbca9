"""The page: profiles and curves by hand, charts that hold what was given, nothing from outside."""

import math
import re

import pytest

from seamline_platform.experiments.scheduling.contract import GanttBar
from seamline_platform.experiments.scheduling.gantt import gantt
from seamline_platform.experiments.scheduling.garment import FAMILIES, GarmentCase
from seamline_platform.experiments.scheduling.outcome import Outcome, solution_document
from seamline_platform.experiments.scheduling.page import page_of
from seamline_platform.experiments.scheduling.page_words import chinese
from seamline_platform.experiments.scheduling.plan import Options
from seamline_platform.experiments.scheduling.profiles import anytime, profiles, ratios
from seamline_platform.experiments.scheduling.study import CaseResult, Result
from seamline_platform.planning.shop.generate import Recipe, draw_plant


def case_result(case, rule, ours, peer, curve=(), start=None):
    rules = Outcome("f", "i", "rules", 0, "ok", objective=rule, rule="EDD/EDD")
    found = {"Seamline": Outcome("f", "i", "Seamline", 1, "ok", objective=ours, curve=curve,
                                 start=start, cpu_s=1.0)}  # fmt: skip
    if peer != 0:
        status = "nothing" if peer is None else "ok"
        found["pyjobshop"] = Outcome("f", "i", "PyJobShop", 1, status, "none", objective=peer)
    return CaseResult(case, rules, found)


def test_ratios():
    assert ratios({"a": 10.0, "b": 5.0}) == {"a": 2.0, "b": 1.0}
    assert ratios({"a": 0.0, "b": 5.0}) == {"a": 1.0, "b": math.inf}
    assert ratios({"a": math.inf}) == {"a": math.inf}


def test_a_profile_is_the_share_within_tau():
    cases = [
        case_result(None, 20, 10, None),  # ratios 2, 1, none
        case_result(None, 10, 10, 15),  # 1, 1, 1.5
        case_result(None, 40, 10, 10),  # 4, 1, 1
        case_result(None, 10, 10, 0),  # without the peer: it does not count
    ]
    found = {c.column: dict(zip(c.x, c.y, strict=True)) for c in profiles(cases)}
    assert found["Seamline"] == {1.0: 1.0, 1.5: 1.0, 2.0: 1.0, 4.0: 1.0}
    third = pytest.approx(1 / 3)
    assert found["best_rule"] == {1.0: third, 1.5: third, 2.0: pytest.approx(2 / 3), 4.0: 1.0}
    assert found["pyjobshop"] == {
        1.0: third, 1.5: pytest.approx(2 / 3), 2.0: pytest.approx(2 / 3), 4.0: pytest.approx(2 / 3),
    }  # fmt: skip
    assert profiles(cases[:2]) == []


def test_a_curve_begins_at_the_plan_in_hand():
    (curve,) = anytime([case_result(None, 20, 10, 0, ((1.0, 15), (2.0, 10)), start=20)], 4.0)
    by_time = dict(zip(curve.x, curve.y, strict=True))
    assert [by_time[t] for t in (0.0, 0.9, 1.0, 1.9, 2.0, 4.0)] == [1, 1, 0.75, 0.75, 0.5, 0.5]
    (cold,) = anytime([case_result(None, 20, 10, 0, ((1.0, 15),))], 4.0)
    assert cold.x[0] == 1.0


def test_targets_are_told_in_chinese():
    assert chinese("never worse than the best rule, every row feasible").startswith("绝不劣于")
    assert chinese("ft06 optimal") == "ft06 达到最优"
    assert chinese("0 of 14 rows") == "0 / 14 行"


def test_a_gantt_chart_has_a_row_per_line_and_a_bar_per_order():
    bars = (
        GanttBar("L10", "O<1>", "F1", 0, 10, before=4, late=True),
        GanttBar("L2", "O2", "F2", 3, 9),
    )
    drawing = gantt(("Plan", "方案"), bars, ("ticks", "时间"))
    assert drawing.index(">L2<") < drawing.index(">L10<")
    assert drawing.count('class="f0 setup"') == 1
    assert drawing.count('class="f0 work late"') == 1
    assert drawing.count('class="f1 work"') == 1
    assert "O&lt;1&gt;" in drawing
    assert gantt(("Plan", "方案"), (), ("ticks", "时间")).startswith("<svg")


def test_the_page_is_whole_and_asks_for_nothing_outside():
    case = GarmentCase("garment_40x8", "1001", draw_plant(Recipe(8, 2, seed=3)))
    plan = solution_document(case.rules()["ATCS/EDD"])
    rules = Outcome("garment_40x8", "1001", "rules", 0, "ok", objective=900, rule="ATCS/EDD",
                    solution=plan)  # fmt: skip
    ours = Outcome("garment_40x8", "1001", "Seamline", 1, "ok", objective=800, solution=plan,
                   budget_cpu_s=5.0, cpu_s=5.0, curve=((1.0, 800),), start=900)  # fmt: skip
    bad = Outcome("garment_40x8", "1001", "mine.py:<Mine>", 1, "failed", "it raised <b>")
    found = CaseResult(case, rules, {"Seamline": ours, "mine.py:<Mine>": bad})
    options = Options(families=("garment_40x8",), solvers=("mine.py:<Mine>",))
    columns = ("Seamline", "mine.py:<Mine>")
    text = page_of(Result(options, FAMILIES[:1], (found,), {}, columns))
    assert not re.findall(r"(?:src|href)=.(?!#)", text)
    assert "http" not in text
    assert "<Mine>" not in text
    assert "it raised &lt;b&gt;" in text
    assert "800" in text
    assert "11.1 %" in text
    assert text.count("<svg") >= 3
    assert "服装厂" in text
    assert "--family garment_40x8" in text
    assert text.count('class="en"') == text.count('class="zh"')
