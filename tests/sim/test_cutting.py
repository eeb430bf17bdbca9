"""Lays by hand: plies, metres, waste and minutes; what merging saves."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_sim import Scenario
from seamline_sim.collection import fixed_collection
from seamline_sim.cutting import CuttingRules, Section, plan_lay, plan_sections


@pytest.fixture(scope="module")
def rules(pi: Scenario) -> CuttingRules:
    return CuttingRules.of(pi)


def test_net_lengths_are_graded_around_the_middle_size(rules: CuttingRules) -> None:
    # 75 cm planned, .85 of it pattern, 3.5 % more per size: 63.75 x (.93, .965, 1, 1.035, 1.07)
    tee = fixed_collection().styles["TS01"]
    assert [rules.net_cm(tee, size) for size in tee.sizes] == [59, 61, 63, 65, 68]


def test_a_lay_of_one_size_by_hand(rules: CuttingRules) -> None:
    """100 garments of 60 cm: 9 plies of 8, then 4 plies of 7."""
    sections = plan_sections([(60, 100)], "jersey160", rules)
    assert sections == [
        Section(9, 8, 480, 553, (8,)),  # 13 plies would do; three quarters; 480 / .868 = 552.99
        Section(4, 7, 420, 487, (7,)),  # 28 are left: 4 plies of just 7; 420 / .863 = 486.7
    ]
    lay = plan_lay([(60, 100)], "jersey160", rules)
    assert lay.plies == 13
    assert lay.net_cm == 6000
    assert lay.marker_cm == 9 * 553 + 4 * 487 == 6925
    assert lay.end_cm == 13 * 3
    assert lay.issue_cm == 6964
    # set-up 12 min, 2 sections at 30 s, 15 garments at 20 s, 13 plies at 3 s, 69.25 m at 40 m/min,
    # 100 garments at 1.5 s
    assert lay.ms == 720_000 + 60_000 + 300_000 + 39_000 + 103_875 + 150_000


def test_sizes_share_markers(rules: CuttingRules) -> None:
    sections = plan_sections([(58, 20), (63, 40), (67, 20)], "jersey160", rules)
    assert sections[0] == Section(10, 8, 2 * 58 + 4 * 63 + 2 * 67, 579, (2, 4, 2))
    assert len(sections) == 1


@pytest.mark.parametrize(
    ("fabric", "plies"),
    [("jersey160", 75), ("pique220", 54), ("poplin110", 80), ("fleece320", 37), ("denim900", 25),
     ("felt", 25)],
)  # fmt: skip
def test_heavier_cloth_takes_fewer_plies(rules: CuttingRules, fabric: str, plies: int) -> None:
    assert rules.ply_limit(fabric) == plies
    assert max(s.plies for s in plan_sections([(60, 5000)], fabric, rules)) == plies


def test_nothing_to_cut_is_no_lay(rules: CuttingRules) -> None:
    with pytest.raises(ValueError, match="at least one garment"):
        plan_sections([(60, 0)], "jersey160", rules)


ITEMS = st.lists(st.tuples(st.integers(20, 200), st.integers(0, 700)), min_size=1, max_size=12)


@given(items=ITEMS.filter(lambda items: any(n for _, n in items)))
def test_exactly_what_is_wanted_is_cut(items: list[tuple[int, int]]) -> None:
    limits = CuttingRules(
        840, 35, (780, 805, 822, 836), 1000, 12_000, (25, 80), 3, 20, 100, 1, 1, 1, 1, 1, 1
    )
    sections = plan_sections(items, "jersey160", limits)
    for i, (_, wanted) in enumerate(items):
        assert sum(s.plies * s.ratio[i] for s in sections) == wanted
    for s in sections:
        assert 1 <= s.garments == sum(s.ratio) <= 4
        assert 1 <= s.plies <= 75
        assert s.net_cm == sum(n * net for n, (net, _) in zip(s.ratio, items, strict=True))
        assert s.net_cm < s.marker_cm <= limits.table_cm
    lay = plan_lay(items, "jersey160", limits)
    assert lay.net_cm == sum(net * n for net, n in items)
    assert lay.issue_cm == sum(s.plies * (s.marker_cm + 3) for s in sections)


def test_ordinary_orders_use_what_is_planned_for_them(pi: Scenario, rules: CuttingRules) -> None:
    """Over many orders, planned use of cloth and lays agree within 3 %; use is 84 to 87 %."""
    curve = pi.figure_list("market.size_curve_permille")
    for name in ("TS01", "PO01", "SH01", "HD01"):
        style = fixed_collection().styles[name]
        issue = net = planned = 0
        for pieces in range(100, 601, 7):
            items = [
                (rules.net_cm(style, size), max(pieces * (share + pieces % 11 - 5) // 1000, 1))
                for size, share in zip(style.sizes, curve, strict=True)
            ]
            lay = plan_lay(items, style.fabric, rules)
            issue, net = issue + lay.issue_cm, net + lay.net_cm
            planned += sum(n for _, n in items) * style.fabric_cm
        assert issue == pytest.approx(planned, rel=0.03)
        assert 0.84 < net / issue < 0.87


def test_merged_orders_take_less_cloth_and_time(rules: CuttingRules) -> None:
    one = [(58, 12), (60, 27), (63, 31), (65, 20), (67, 10)]
    alone = plan_lay(one, "jersey160", rules)
    merged = plan_lay([(net, 4 * n) for net, n in one], "jersey160", rules)
    assert merged.net_cm == 4 * alone.net_cm
    assert merged.issue_cm < 4 * alone.issue_cm
    assert merged.ms < 4 * alone.ms


@pytest.mark.parametrize("change", [{"marker_permille": ()}, {"marker_permille": (0,)},
                                    {"marker_permille": (1200,)}, {"plies": (0, 5)},
                                    {"plies": (30, 20)}])  # fmt: skip
def test_rules_that_cannot_be(rules: CuttingRules, change: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="expected"):
        dataclasses.replace(rules, **change)  # type: ignore[arg-type]  # wrong on purpose
