import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from seamline_broker.errors import PluginError
from seamline_platform.planning.calendar import HOUR_MS, WorkCalendar
from seamline_platform.planning.evaluate import Job, LineModel, Ramp, best_position, cost_of
from seamline_platform.planning.rules import (
    Atc,
    Atcs,
    EarliestDueDate,
    FirstInFirstOut,
    MostWorkRemaining,
    RuleContext,
    ShortestProcessingTime,
    WeightedShortestProcessingTime,
    load_rule,
    rule_names,
    sequence_by,
)

SETUPS = {"same_style": 5 * 60_000, "same_bulletin": HOUR_MS // 2, "other": HOUR_MS}
MODEL = LineModel(
    key="hangzhou/line-1",
    calendar=WorkCalendar(0, 24 * HOUR_MS, tuple(range(7))),
    setups_ms=SETUPS,
    ramp=Ramp(depth=0.0),
    free_ms=0,
    style="A",
    bulletin="tee",
    colour="BLK",
)
CONTEXT = RuleContext(now_ms=0, setup_ms=MODEL.setup_ms)


def job(name: str, hours: float, due_h: float, style: str = "A", weight: int = 1) -> Job:
    bulletin = "polo" if style == "P" else "tee"
    work = round(hours * HOUR_MS)
    return Job(name, style, bulletin, "BLK", 100, work, 0, round(due_h * HOUR_MS), weight)


def names(jobs: Sequence[Job]) -> str:
    return "".join(j.order for j in jobs)


def test_edd_and_spt_by_hand() -> None:
    jobs = [job("a", 3, 9), job("b", 1, 8), job("c", 2, 7)]
    assert names(EarliestDueDate().order(jobs, CONTEXT)) == "cba"
    assert names(ShortestProcessingTime().order(jobs, CONTEXT)) == "bca"


def test_fifo_wspt_and_mwkr_by_hand() -> None:
    jobs = [
        replace(job("a", 3, 9, weight=9), release_ms=2),
        replace(job("b", 1, 8, weight=2), release_ms=3),
        replace(job("c", 2, 7, weight=5), release_ms=1),
    ]
    assert names(FirstInFirstOut().order(jobs, CONTEXT)) == "cab"
    assert names(WeightedShortestProcessingTime().order(jobs, CONTEXT)) == "acb"  # 3, 2.5, 2
    assert names(MostWorkRemaining().order(jobs, CONTEXT)) == "acb"


def test_atc_is_wspt_among_late_jobs_and_puts_off_what_has_time() -> None:
    late = [job("a", 4, 0, weight=4), job("b", 1, 0, weight=2), job("c", 2, 0, weight=3)]
    assert names(Atc().order(late, CONTEXT)) == "bca"
    # With k = 1 and a mean of 7/3 h: a 4/4 e^0 = 1, b 2 e^(-9 / (7/3)) = .04, c 3/2 e^0 = 1.5.
    early = [late[0], job("b", 1, 10, weight=2), late[2]]
    sequence = names(Atc(1).order(early, CONTEXT))
    assert sequence[0] == "c"
    # After c, at 2 h: a 1, b 2 e^(-7 / (7/3)) = .1.
    assert sequence == "cab"
    with pytest.raises(ValueError, match="above 0"):
        Atc(0)


def test_atcs_follows_the_formula() -> None:
    jobs = [job("a", 2, 3), job("b", 1, 9, "P"), job("c", 4, 5, weight=3)]
    k1, k2 = 2.0, 0.5
    p_mean, s_mean = 7 / 3 * HOUR_MS, 0.0
    kinds = [jobs[0], jobs[1]]
    s_mean = sum(MODEL.setup_ms(x, y) for x in kinds for y in kinds if x is not y) / 2

    def index(j: Job) -> float:
        slack = max(j.due_ms - j.work_ms, 0)
        setup = MODEL.setup_ms(None, j)
        return (
            j.weight
            / j.work_ms
            * math.exp(-slack / (k1 * p_mean))
            * math.exp(-setup / (k2 * s_mean))
        )

    first = Atcs(k1, k2).order(jobs, CONTEXT)[0]
    assert first.order == max(jobs, key=index).order


def test_atcs_keeps_styles_together_when_nothing_is_urgent() -> None:
    jobs = [job(n, 1, 200, style) for n, style in zip("abcdef", "APAPAP", strict=True)]
    assert names(Atcs().order(jobs, CONTEXT)) == "acebdf"


def test_atcs_lets_a_heavy_late_order_pass_in_spite_of_its_setup() -> None:
    jobs = [job("a", 2, 30), job("b", 2, 30), job("r", 2, 1, "P", weight=10)]
    assert Atcs().order(jobs, CONTEXT)[0].order == "r"


def test_atcs_is_close_to_the_best_of_all_sequences() -> None:
    jobs = [
        job("a", 2, 4),
        job("b", 3, 6, "P", 2),
        job("c", 1, 3, "B"),
        job("d", 2, 9, "P"),
        job("e", 4, 12, "A", 3),
        job("f", 1, 8, "B"),
    ]
    costs = {names(p): cost_of(MODEL.decode(p)) for p in permutations(jobs)}
    ruled = costs[names(Atcs().order(jobs, CONTEXT))]
    assert ruled <= sorted(costs.values())[len(costs) // 20]
    assert ruled <= costs[names(EarliestDueDate().order(jobs, CONTEXT))]


def test_the_sequence_does_not_depend_on_how_the_orders_are_listed() -> None:
    jobs = [job(n, 2, 9) for n in "abcd"]
    for name in rule_names():
        rule = load_rule(name)
        assert names(rule.order(jobs, CONTEXT)) == names(rule.order(jobs[::-1], CONTEXT)) == "abcd"


def test_set_ups_depend_on_what_came_before() -> None:
    a, b, p = job("a", 1, 9), job("b", 1, 9, "B"), job("p", 1, 9, "P")
    assert [s.setup_ms for s in MODEL.decode([a, b, p, p])] == [0, HOUR_MS // 2, HOUR_MS, 0]


def test_a_ramp_costs_at_most_depth_times_tau() -> None:
    ramp = Ramp(depth=0.25, tau_min=120, same_bulletin=0.4)
    assert ramp.loss_ms(1_000 * HOUR_MS, "other") == HOUR_MS // 2
    assert ramp.loss_ms(HOUR_MS, "same_bulletin") < ramp.loss_ms(HOUR_MS, "other")
    assert ramp.loss_ms(HOUR_MS, "same_style") == 0


def test_an_urgent_order_is_put_where_it_costs_least() -> None:
    waiting = [job("a", 5, 5), job("b", 5, 40)]
    at, slot = best_position(MODEL, [], waiting, job("r", 2, 8, weight=10), 0.2, 0.02)
    assert (at, slot.end_ms) in ((0, 2 * HOUR_MS), (1, 7 * HOUR_MS))
    assert slot.late_ms == 0


def test_the_built_in_rules_are_found_by_name() -> None:
    assert {"fifo", "edd", "spt", "wspt", "atc", "atcs", "mwkr"} <= set(rule_names())
    assert all(load_rule(name) for name in rule_names())
    assert isinstance(load_rule("atcs"), Atcs)


def test_an_unknown_rule_is_refused_with_those_that_exist() -> None:
    with pytest.raises(PluginError, match=r"registered: .*atcs"):
        load_rule("magic")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Mine:\n    pass", "no method 'order'"),
        ("class Mine:\n    def __init__(self, x):\n        pass", "without arguments"),
        ("class Other:\n    pass", "no class 'Mine'; classes: Other"),
        ("Mine = 3", "no class 'Mine'"),
        ("raise RuntimeError('rain')", "rain"),
    ],
)
def test_a_loose_file_that_is_no_rule_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=words):
        load_rule(f"{path}:Mine")
    with pytest.raises(PluginError, match="there is no file"):
        load_rule(f"{tmp_path}/none.py:Mine")


class Forgetful:
    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        return waiting[1:]


class Failing:
    def order(self, waiting: Sequence[Job], context: RuleContext) -> Sequence[Job]:
        raise KeyError("oops")


@pytest.mark.parametrize(("rule", "words"), [(Forgetful(), "returned 1"), (Failing(), "oops")])
def test_a_rule_that_loses_an_order_or_fails_is_named(rule: object, words: str) -> None:
    with pytest.raises(PluginError, match=words):
        sequence_by(rule, [job("a", 1, 1), job("b", 1, 1)], CONTEXT)  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [lambda: Atcs(k1=0.0), lambda: Atcs(k2=-1.0)])
def test_atcs_refuses_parameters_without_sense(make: Callable[[], Atcs]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        make()
