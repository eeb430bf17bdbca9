"""The part of the benchmark that measures the twin's choices."""

import time
from typing import Any

import pytest

from seamline_platform.experiments.scheduling.catalogue import PARTS
from seamline_platform.experiments.scheduling.contract import PartSettings
from seamline_platform.experiments.scheduling.twin import WAYS, measure


@pytest.mark.slow
def test_the_twin_is_measured_against_fixed_ways_to_react() -> None:
    assert "twin" in PARTS
    shown: list[float] = []
    figures: Any = measure(
        PartSettings(time.process_time, quick=True), lambda share, _: shown.append(share)
    )
    assert shown == sorted(shown)
    assert shown[-1] == 1
    assert sum(figures["chosen"].values()) == figures["plants"] == 4
    assert figures["moved"]["right-shift"] == 0
    for name in ("as_assumed", "worse", "worse_and_known"):
        means = figures[name]["mean_cost"]
        assert means["twin"] <= max(means[way] for way in WAYS)
        # A plan that does not keep the old one has to be worth it: it never loses to right-shift.
        assert figures[name]["twin_over_right_shift"] <= 0.01
    # Chance as assumed is foretold; more of it is not, until it is known.
    covered = {name: figures[name]["sewn_coverage_p10_p90"] for name in figures if "wor" in name}
    assert 0.7 < figures["as_assumed"]["sewn_coverage_p10_p90"] < 0.95
    assert covered["worse"] < 0.7 < covered["worse_and_known"] < 0.95
