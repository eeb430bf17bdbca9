"""Designs: the policies and steps of the two tables."""

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.evidence.designs import practices, table2
from seamline_platform.experiments.evidence.kpis import METRICS, TFP
from seamline_platform.experiments.evidence.rows import TABLE2_ROWS
from seamline_platform.experiments.season import KPI_NAMES, Links


def test_table2_has_each_switch_alone_left_out_and_in_order() -> None:
    design = table2()
    assert design.ladder == (
        "baseline", "market", "market+floor", "market+floor+integrate",
        "market+floor+integrate+elastic", "market+floor+integrate+elastic+loop", "full",
    )  # fmt: skip
    assert design.policies["baseline"] == Links()
    assert design.policies["full"] == Links(True, True, True, True, True, "platform")
    kinds = [(s.kind, s.switch) for s in design.steps]
    for switch in ("sense", "integrate", "elastic", "close_loop", "scope"):
        assert kinds.count(("alone", switch)) == 1
        assert kinds.count(("left_out", switch)) == 1
        assert kinds.count(("in_order", switch)) == 1
    assert len(design.policies) == 15
    for step in design.steps:
        assert {step.start, step.end} <= design.policies.keys()


def test_each_left_out_differs_from_the_whole_in_its_switch_alone() -> None:
    design = table2()
    left_out = {s.switch: design.policies[s.start] for s in design.steps if s.kind == "left_out"}
    assert left_out["sense"] == Links(False, False, True, True, True, "platform")
    assert left_out["scope"] == Links(True, True, True, True, True, "line")
    assert left_out["elastic"] == Links(True, True, True, False, True, "platform")


def test_eight_rows_two_of_them_unchanged_and_two_one_switch() -> None:
    assert [row.switch for row in TABLE2_ROWS] == [
        None, None, "sense", "integrate", "elastic", "elastic", "close_loop", "scope",
    ]  # fmt: skip


def test_practices_and_all_their_coalitions() -> None:
    assert practices().ladder == ("manual", "A", "AB", "ABC", "ABCD", "full")
    assert len(practices().policies) == 14  # 6 in order, 4 more alone, 4 more left out
    whole = practices(all_coalitions=True)
    assert len(whole.policies) == 32
    assert len(whole.extra) == 18


def test_a_choice_of_policies_keeps_the_baseline_and_its_steps() -> None:
    some = table2().only(["full", "loop"])
    assert list(some.policies) == ["baseline", "full", "loop"]
    assert [(s.kind, s.switch) for s in some.steps] == [("total", "all"), ("alone", "close_loop")]
    with pytest.raises(ConfigError, match=r"'best' is unknown to table2; there are: baseline, "):
        table2().only(["best"])


def test_every_metric_of_a_run_has_a_name() -> None:
    assert set(METRICS) == {*KPI_NAMES, TFP}
