"""The example of docs/schedule-benchmark.md keeps the promises that the page names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seamline_platform.experiments.scheduling import catalogue
from seamline_platform.experiments.scheduling.conformance.checks import run_check

PAGE = Path(__file__).resolve().parents[2] / "docs" / "schedule-benchmark.md"


@pytest.mark.parametrize("check", ["loads", "plans", "respects", "not_worse", "tells", "repeats"])
def test_the_example_solver_keeps_its_promises(
    write_blocks: Callable[[str], Path], check: str
) -> None:
    folder = write_blocks("schedule-benchmark.md")
    finding = run_check(f"{folder / 'swaps.py'}:Swaps", check)
    assert finding.ok, finding


def test_the_page_names_every_family_and_part() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in [*(family.name for family in catalogue.families()), *catalogue.PARTS]:
        assert f"`{name}`" in text
