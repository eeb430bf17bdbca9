"""Readers of the classical families: whole small files by hand, and what is wrong with others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.scheduling.classic.families import FAMILIES, cases
from seamline_platform.experiments.scheduling.classic.library import (
    best_known,
    instances,
    name_of,
    natural,
)
from seamline_platform.experiments.scheduling.classic.readers_one_machine import (
    read_setup_weighted_tardiness,
    read_weighted_tardiness,
)
from seamline_platform.experiments.scheduling.classic.readers_shops import (
    read_flexible_job_shop,
    read_hybrid_flow_shop,
    read_job_shop,
    read_setup_flow_shop,
    read_tardiness_flow_shop,
)
from seamline_platform.planning.machines.problem import MachineProblem

Write = Callable[[str], Path]
WT_SDS = """Problem Instance: 1
Problem Size: 2
Begin Generator Parameters
Tau: 0.3
End Generator Parameters
Begin Problem Specification
Process Times:
81
71
Weights:
4
8
Duedates:
90
95
Setup Times:
-1 0 43
-1 1 7
0 1 5
1 0 6
End Problem Specification
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "x.txt"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def modes(problem: MachineProblem) -> list[list[tuple[tuple[int, int], ...]]]:
    return [[o.modes for o in job.operations] for job in problem.jobs]


def test_job_shop(write: Write) -> None:
    problem = read_job_shop(write("2 2\n0 3 1 2\n1 4  0 1\n"), "named")
    assert problem.name == "named"
    assert modes(problem) == [[((0, 3),), ((1, 2),)], [((1, 4),), ((0, 1),)]]
    assert problem.goal == "makespan"


def test_flexible_job_shop_counts_machines_from_one(write: Write) -> None:
    problem = read_flexible_job_shop(write("1\t3\t1.5\n 2 1 3 7 2 1 4 2 5 \n"))
    assert modes(problem) == [[((2, 7),), ((0, 4), (1, 5))]]


def test_hybrid_flow_shop_numbers_machines_by_stage(write: Write) -> None:
    problem = read_hybrid_flow_shop(write("1\n2\n2 1\n5 6\n"))
    assert modes(problem) == [[((0, 5), (1, 5)), ((2, 6),)]]


def test_flow_shops(write: Write) -> None:
    late = read_tardiness_flow_shop(write("2\n1\n10 20\n3\n4\n"))
    assert [(job.due, job.work) for job in late.jobs] == [(10, 3), (20, 4)]
    assert late.permutation
    assert late.goal == "weighted_tardiness"
    setups = read_setup_flow_shop(write("2\n1\n3\n4\n0 8\n9 0\n"))
    assert setups.setups == (((0, 8), (9, 0)),)
    assert setups.goal == "makespan"


def test_one_machine(write: Write) -> None:
    problems = read_weighted_tardiness(write("3 4\n1 2\n5 6\n7 8 1 1 9 9"), 2)
    assert [p.name for p in problems] == ["x_1", "x_2"]
    assert [(j.work, j.weight, j.due) for j in problems[0].jobs] == [(3, 1, 5), (4, 2, 6)]
    problem = read_setup_weighted_tardiness(write(WT_SDS))
    assert problem.first == ((43, 7),)
    assert problem.setups == (((0, 5), (6, 0)),)
    assert [(j.work, j.weight, j.due) for j in problem.jobs] == [(81, 4, 90), (71, 8, 95)]


Read = Callable[[Path], object]


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_job_shop, "2 2\n0 3 1 2\n1 4 0", "x.txt: ends where the duration of operation 2"),
        (read_job_shop, "1 1\n1 3\n", "line 2: 1 where the machine of operation 1 of job 1"),
        (read_job_shop, "1 1\n0 x\n", "line 2: 'x' where the duration of operation 1 of job 1"),
        (read_job_shop, "1 1\n0 3\n9\n", "line 3: '9' after the end"),
        (read_job_shop, "0 1\n", "0 where the number of jobs was expected"),
        (read_job_shop, "1 1\n0 -3\n", "-3 where the duration"),
        (read_flexible_job_shop, "1 1\n1 1 2 5\n", "line 2: 2 where a machine of operation 1"),
        (read_flexible_job_shop, "1 1\n1 2 1 5\n", "2 where the number of modes"),
        (read_flexible_job_shop, "1 1 1.5", "ends where the number of operations of job 1"),
        (read_hybrid_flow_shop, "1\n2\n2 0\n5 6\n", "line 3: 0 where machines of a stage"),
        (read_tardiness_flow_shop, "2\n1\n10\n", "ends where a due date"),
        (read_setup_flow_shop, "2\n1\n3\n4\n0 8\n9\n", "ends where a set-up of machine 1"),
        (lambda path: read_weighted_tardiness(path, 2), "1 2 3", "ends where a weight of inst"),
        (read_setup_weighted_tardiness, "nothing", "no line 'Process Times:'"),
        (read_setup_weighted_tardiness, WT_SDS.replace("0 1 5\n", ""), "1 set-up times are miss"),
        (read_setup_weighted_tardiness, WT_SDS.replace("\n8\n", "\n"), "ends where a number und"),
        (read_setup_weighted_tardiness, WT_SDS.replace("0 1 5", "0 2 5"), "line 19: 2 where the"),
        (read_setup_weighted_tardiness, WT_SDS.replace("Size: 2", "Size: two"), "'two' where"),
        (read_setup_weighted_tardiness,
         WT_SDS.replace("Weights:", "W").replace("Duedates:", "Weights:").replace(
             "W\n", "Duedates:\n"), "out of order"),
    ],
)  # fmt: skip
def test_malformed_files_say_where_and_what(
    read: Read, text: str, message: str, write: Write
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(write(text))
    assert message in str(caught.value)


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read as text"):
        read_job_shop(tmp_path / "missing.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read as text"):
        read_job_shop(tmp_path / "binary.txt")


def test_names_are_those_of_the_literature() -> None:
    assert name_of(Path("fjsp/hurink_edata/la01.txt")) == "la01_edata"
    assert name_of(Path("fjsp/dauzere/05a.txt")) == "dpp05a"
    assert name_of(Path("fjsp/brandimarte/mk01.txt")) == "mk01"
    assert sorted(["wt40_10", "wt40_9"], key=natural) == ["wt40_9", "wt40_10"]


def test_best_known_values(write: Write, tmp_path: Path) -> None:
    assert best_known(write("instance,lb,ub\n12.txt,,995\nft06,55,55\n")) == {
        "12": 995,
        "ft06": 55,
    }
    assert best_known(tmp_path / "none.csv") == {}
    with pytest.raises(ConfigError, match="line 2: expected columns instance and ub"):
        best_known(write("instance,ub\nft06,none\n"))


def test_folders_that_are_not_there_are_empty_families(tmp_path: Path) -> None:
    for family in FAMILIES:
        assert family.load(None) == ()
        assert family.load(tmp_path) == ()
    with pytest.raises(ConfigError, match="No family 'nesting'; there are jobshop, "):
        instances(tmp_path, "nesting", lambda _: True)


def test_cases_are_loaded_by_pattern(tmp_path: Path) -> None:
    folder = tmp_path / "jobshop" / "ft"
    folder.mkdir(parents=True)
    for name in ("ft06", "ft10"):
        (folder / f"{name}.txt").write_text("1 1\n0 3\n", encoding="utf-8")
    (tmp_path / "jobshop" / "bks.csv").write_text("instance,ub\nft10,3\n", encoding="utf-8")
    assert [(c.name, c.best_known) for c in cases(tmp_path, "jobshop", ["ft*"])] == [
        ("ft06", None),
        ("ft10", 3),
    ]
    assert [c.name for c in cases(tmp_path, "jobshop", ["ft1?"])] == ["ft10"]
