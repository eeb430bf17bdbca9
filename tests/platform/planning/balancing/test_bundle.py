"""Bundle lines: published optima, small lines by hand, everything checked."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.balancing.bundle import BundleLine, check_bundle, read_alwabp
from seamline_platform.planning.balancing.stations import (
    cycle_bound,
    fewest_stations,
    shortest_cycle,
    shortest_cycle_alike,
)

INSTANCES = Path(
    os.environ.get("SEAMLINE_INSTANCES", Path(__file__).parents[5] / "shared" / "instances")
)
published = pytest.mark.skipif(
    not (INSTANCES / "alwabp").is_dir(), reason=f"no published instances in {INSTANCES}"
)

JACKSON = BundleLine(
    "jackson",
    tuple((t,) for t in (6, 2, 5, 7, 1, 2, 3, 6, 5, 5, 4)),
    tuple(
        (a - 1, b - 1)
        for a, b in [
            (1, 2), (1, 3), (1, 4), (1, 5), (2, 6), (3, 7), (4, 7), (5, 7), (6, 8), (7, 9),
            (8, 10), (9, 11), (10, 11),
        ]
    ),
)  # fmt: skip
"""Jackson (1956): 11 tasks, 46 units of work."""


def no_cpu() -> float:
    return 0.0


@pytest.mark.parametrize(
    ("cycle", "stations"), [(7, 8), (9, 6), (10, 5), (13, 4), (14, 4), (21, 3)]
)
def test_jackson_needs_the_published_stations(cycle: int, stations: int) -> None:
    pytest.importorskip("ortools")
    found = fewest_stations(JACKSON, cycle, no_cpu)
    assert (found.objective, found.bound, found.optimal) == (stations, stations, True)
    assert check_bundle(found, alike=True) == []


def test_jackson_on_four_stations_has_a_cycle_of_twelve() -> None:
    pytest.importorskip("ortools")
    found = shortest_cycle_alike(JACKSON, 4, no_cpu)
    assert (found.cycle, found.optimal) == (12, True)
    assert check_bundle(found, alike=True) == []


def test_two_workers_with_different_skills_sit_in_the_right_order() -> None:
    pytest.importorskip("ortools")
    line = BundleLine("two", ((None, 3), (2, 9), (4, None)), ((0, 1), (1, 2)))
    found = shortest_cycle(line, no_cpu)
    assert (found.cycle, found.worker, found.stations) == (6, (1, 0), ((0,), (1, 2)))
    assert check_bundle(found, alike=False) == []
    assert cycle_bound(line) <= 6


@published
@pytest.mark.parametrize("name", ["heskia/1", "heskia/40", "roszieg/1", "roszieg/79"])
def test_published_optima_are_proved(name: str) -> None:
    pytest.importorskip("ortools")
    folder = INSTANCES / "alwabp"
    with (folder / "bks.csv").open(encoding="utf-8") as file:
        best = {row["instance"]: int(row["ub"]) for row in csv.DictReader(file)}
    found = shortest_cycle(read_alwabp((folder / name).read_text(), name), no_cpu)
    assert (found.objective, found.bound, found.optimal) == (best[name], best[name], True)
    assert check_bundle(found, alike=False) == []


def test_the_checker_finds_what_is_wrong() -> None:
    pytest.importorskip("ortools")
    found = shortest_cycle(BundleLine("two", ((3, 3), (2, None)), ((0, 1),)), no_cpu)

    def told(**changed: object) -> str:
        return " ".join(check_bundle(replace(found, **changed), alike=False))  # type: ignore[arg-type]

    assert told(stations=((0,), ())) == "Not every task stands at exactly one station."
    assert "comes after" in told(stations=((1,), (0,)), worker=(0, 1))
    assert "cannot do" in told(stations=((0,), (1,)), worker=(0, 1))
    assert "two stations" in told(worker=(0, 0))
    assert "the cycle time is 1" in told(cycle=1)
    assert "above the objective" in told(bound=99)
    assert told() == ""


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: BundleLine("x", (), ()), "no tasks"),
        (lambda: BundleLine("x", ((1,), (1, 2)), ()), "task 2 has 2 times; expected 1"),
        (lambda: BundleLine("x", ((None,),), ()), "task 1 has times"),
        (lambda: BundleLine("x", ((1,), (1,)), ((0, 5),)), "arc 1 to 6"),
        (lambda: BundleLine("x", ((1,), (1,)), ((0, 1), (1, 0))), "1, 2 wait for each other"),
        (lambda: read_alwabp("2\n1 2\n"), "1 rows of times; expected 2"),
        (lambda: read_alwabp("two"), "not an ALWABP instance"),
        (lambda: fewest_stations(JACKSON, 6, no_cpu), "Task 4 takes 7"),
        (lambda: fewest_stations(BundleLine("x", ((1, 2),), ()), 6, no_cpu), "2 workers"),
    ],
)
def test_wrong_lines_are_refused_with_a_reason(make: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]
