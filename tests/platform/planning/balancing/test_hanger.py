"""Hanger lines: known rates, bounds, skills and stations kept, absences, words."""

import itertools

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.balancing.absence import rebalance
from seamline_platform.planning.balancing.balance import Balance
from seamline_platform.planning.balancing.check import check_balance
from seamline_platform.planning.balancing.generate import draw_line
from seamline_platform.planning.balancing.hanger import (
    Limits,
    balance,
    fixed,
    quick_pairs,
    rate_bound,
)
from seamline_platform.planning.balancing.line import HangerLine, Operation, Operator


def no_cpu() -> float:
    return 0.0


def two_by_two(most: int = 2) -> HangerLine:
    """A needs 2 minutes, B 1; u does A alone at 1.0, v does B at 1.0 and A at 0.5."""
    return HangerLine(
        "two",
        (Operation("A", 2.0, machine="SNL"), Operation("B", 1.0, "hem", "OL")),
        (Operator("u", {"A": 1.0}), Operator("v", {"OL": 1.0, "A": 0.5})),
        most,
    )


def test_the_rate_of_a_small_line_is_what_paper_says() -> None:
    # v gives h minutes to A: A makes (60 + h/2) / 2, B makes 60 - h; equal at h = 24, rate 36
    found = balance(two_by_two(), no_cpu, Limits(gap=0))
    assert found.rate == pytest.approx(36)
    assert found.minutes[("v", "A")] == pytest.approx(24)
    assert found.load == pytest.approx({"u": 60, "v": 60})
    assert found.bound == pytest.approx(36)
    assert found.efficiency == pytest.approx(36 * 3 / 120)
    assert found.pieces("v", "A") == pytest.approx(6)
    assert check_balance(found) == []


def test_one_operation_each_leaves_the_second_operator_idle_for_half() -> None:
    found = balance(two_by_two(most=1), no_cpu, Limits(gap=0))
    assert found.rate == pytest.approx(30)
    assert found.loss == pytest.approx(0.25)
    assert [b.name for b in found.operations] == ["A"]
    assert found.operations[0].share == pytest.approx(1)
    assert "A holds the line" in found.words()[0]


def test_a_missing_station_keeps_an_operator_from_sharing() -> None:
    line = two_by_two()
    tight = HangerLine("tight", line.operations, line.operators, 2, {"SNL": 1})
    found = balance(tight, no_cpu, Limits(gap=0))
    assert found.rate == pytest.approx(30)
    assert check_balance(found) == []


def test_what_nobody_can_do_is_said() -> None:
    line = two_by_two().without(["v"])
    found = balance(line, no_cpu)
    assert (found.rate, found.bound, found.minutes) == (0.0, 0.0, {})
    assert found.words() == ("Nobody who is there can do B (hem): the line cannot finish a piece.",)


def test_no_assignment_of_a_small_line_is_better() -> None:
    line = draw_line(5, 3, 4, share=0.7, most=2)
    able = [(w.operator, o.op) for w in line.operators for o in line.operations if w.pace(o)]
    best = 0.0
    for chosen in itertools.product((0, 1), repeat=len(able)):
        pairs = [pair for pair, taken in zip(able, chosen, strict=True) if taken]
        if all(sum(w == who.operator for w, _ in pairs) <= 2 for who in line.operators):
            best = max(best, fixed(line, pairs, no_cpu, bound=1e9).rate)
    found = balance(line, no_cpu, Limits(gap=0, nodes=1000))
    assert found.rate == pytest.approx(best)


@pytest.mark.parametrize("seed", [1, 4])
def test_a_whole_line_comes_within_one_per_cent(seed: int) -> None:
    line = draw_line(40, 20, seed)
    found = balance(line, no_cpu)
    assert found.gap < 0.01
    assert found.bound <= rate_bound(line) * (1 + 1e-9)
    assert check_balance(found) == []
    assert sum(b.share for b in found.operations) == pytest.approx(1, abs=0.05)


def test_rounding_gives_a_balance_at_once_that_can_be_carried_out() -> None:
    line = draw_line(40, 20, 3)
    found = fixed(line, quick_pairs(line), no_cpu)
    assert check_balance(found) == []
    assert found.rate > 0.7 * found.bound


def test_an_absence_is_answered_with_few_moves() -> None:
    before = balance(draw_line(20, 10, 2, share=0.5), no_cpu)
    found = rebalance(before, ["w-03"], no_cpu)
    assert check_balance(found.after) == []
    assert check_balance(found.kept) == []
    assert "w-03" not in {who for who, _ in found.after.minutes}
    assert found.kept.rate <= found.after.rate <= found.bound + 1e-9
    assert found.after.rate < before.rate
    taken = {(m.operator, op) for m in found.moves for op in m.takes}
    assert taken == {pair for pair in found.after.minutes if pair not in before.minutes}
    free = balance(before.line.without(["w-03"]), no_cpu)
    assert len(taken) < len([pair for pair in free.minutes if pair not in before.minutes])


def test_a_tax_above_every_gain_moves_nobody() -> None:
    before = balance(draw_line(6, 4, 5, share=0.9), no_cpu)
    found = rebalance(before, ["w-01"], no_cpu, tax=1e6)
    if found.kept.rate:
        assert found.moves == ()
        assert found.after.rate == found.kept.rate


def test_the_checker_finds_what_is_wrong() -> None:
    line = two_by_two(most=1)

    def told(minutes: dict[tuple[str, str], float], rate: float = 10.0) -> str:
        return " ".join(check_balance(Balance(line, rate, minutes, 40.0)))

    assert "cannot do" in told({("u", "B"): 5.0})
    assert "does not exist" in told({("x", "B"): 5.0})
    assert "works 61" in told({("u", "A"): 61.0, ("v", "B"): 60.0})
    assert "does 2 operations" in told({("u", "A"): 20.0, ("v", "B"): 20.0, ("v", "A"): 2.0})
    assert "the rate is 50" in told({("u", "A"): 60.0, ("v", "B"): 60.0}, 50.0)
    assert "above its bound" in told({("u", "A"): 60.0, ("v", "B"): 60.0}, 50.0)
    assert told({("u", "A"): 60.0, ("v", "B"): 60.0}, 30.0) == ""


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Operation("A", 0), "smv is 0"),
        (lambda: Operator("u", {"A": -1}), "efficiency at A is -1"),
        (lambda: HangerLine("x", (), ()), "0 operations and 0 operators"),
        (lambda: HangerLine("x", (Operation("A", 1),) * 2, (Operator("u", {}),)), "twice"),
        (
            lambda: HangerLine("x", (Operation("A", 1),), (Operator("u", {"B": 1}),)),
            "'B' is not known; there is: A",
        ),
        (lambda: two_by_two(most=0), "most is 0"),
        (lambda: two_by_two().without(["w"]), "'w' is not known; there is: u, v"),
        (lambda: two_by_two().without(["u", "v"]), "nobody is left of 2"),
        (lambda: Limits(gap=2), "gap 2"),
    ],
)  # fmt: skip
def test_wrong_lines_are_refused_with_a_reason(make: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]
