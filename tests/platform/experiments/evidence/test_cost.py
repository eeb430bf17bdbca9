"""The cost of a table: two policies measured, all policies and seeds counted."""

import os
from pathlib import Path

from seamline_platform.experiments.evidence.cost import table2_cost
from seamline_platform.experiments.evidence.workers import Bench


def test_a_quick_table_is_five_seeds_of_all_policies_on_all_cores(marks: Path) -> None:
    found = table2_cost(Bench("synthetic_season"))
    assert (marks / "runs").read_text() == "xx"
    assert found["quick_season_days"] == 90
    assert found["quick_season_cpu_s_baseline"] == 0.01
    least = 5 * 15 * 0.01 / (os.cpu_count() or 1)
    assert least - 0.5 <= found["table2_quick_s"] <= least + 2
