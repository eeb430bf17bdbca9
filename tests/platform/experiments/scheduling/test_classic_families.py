"""The published instances themselves: sizes, published values, rules; skipped where absent."""

import os
import time
from pathlib import Path

import pytest

from seamline_platform.experiments.scheduling.classic.cases import MachineCase
from seamline_platform.experiments.scheduling.classic.families import FAMILIES, SPREAD, cases
from seamline_platform.planning.machines.decode import decode_permutation
from seamline_platform.planning.machines.dispatching import dispatch
from seamline_platform.planning.machines.problem import MachineSchedule, objective_of
from seamline_platform.planning.machines.pyjobshop import model_of
from seamline_platform.planning.machines.solve import cpsat_machines, solve_machines
from seamline_platform.planning.scheduler import Run
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.sequences import Sequences

FOLDER = "SEAMLINE_INSTANCES"
"""Folder of the published instances; by default beside the repository: ../shared/instances."""
ROOT = Path(os.environ.get(FOLDER, Path(__file__).parents[4].parent / "shared" / "instances"))
pytestmark = pytest.mark.skipif(
    not ROOT.is_dir(), reason=f"published instances are not there (set {FOLDER})"
)


def case(family: str, name: str) -> MachineCase:
    found = cases(ROOT, family, [name])
    if not found:
        pytest.skip(f"{family}/{name} is not among the instances")
    return found[0]


@pytest.mark.parametrize(
    ("family", "name", "jobs", "machines", "best"),
    [
        ("jobshop", "ft10", 10, 10, 930),
        ("jobshop", "la40", 15, 15, 1222),
        ("jobshop", "ta01js", 15, 15, 1231),
        ("fjsp", "mk01", 10, 6, 40),
        ("fjsp", "kacem1", 4, 5, 11),
        ("fjsp", "mt10x", 10, 11, 918),
        ("fjsp", "dpp01a", 10, 5, 2505),
        ("fjsp", "car1_sdata", 11, 5, 7038),
        ("hybrid_flowshop", "12", 50, 15, 995),
        ("tardiness_pfsp", "4", 50, 10, 2017),
        ("sdst_pfsp", "7", 20, 5, 1294),
        ("wt_sds", "wt_sds_1", 60, 1, None),
        ("wt", "wt40_1", 40, 1, 913),
    ],
)
def test_sizes_and_best_known_values(
    family: str, name: str, jobs: int, machines: int, best: int | None
) -> None:
    found = case(family, name)
    assert (len(found.problem.jobs), found.problem.machines) == (jobs, machines)
    assert found.best_known == best


@pytest.mark.parametrize(
    ("family", "name", "rule", "value"),
    [
        ("jobshop", "ft06", "MOPNR", 59),
        ("jobshop", "ft10", "MWKR", 1108),
        ("jobshop", "ft10", "SPT", 1074),
        ("jobshop", "ft20", "SPT", 1267),
        ("jobshop", "la21", "MOPNR", 1251),
        ("jobshop", "la24", "MWKR", 1101),
        ("jobshop", "la40", "MOPNR", 1358),
        ("jobshop", "ta01js", "MOPNR", 1438),
        ("fjsp", "mk03", "MWKR", 204),
        ("fjsp", "mk08", "MWKR", 523),
        ("fjsp", "mk09", "MOPNR", 319),
        ("wt_sds", "wt_sds_1", "EDD", 104_827),
        ("wt_sds", "wt_sds_1", "WSPT", 23_807),
        ("wt_sds", "wt_sds_1", "ATCS", 1_963),
        ("wt_sds", "wt_sds_81", "EDD", 909_913),
        ("wt_sds", "wt_sds_81", "WSPT", 499_886),
        ("wt_sds", "wt_sds_81", "ATCS", 398_838),
    ],
)
def test_rules_have_the_values_measured_elsewhere(
    family: str, name: str, rule: str, value: int
) -> None:
    assert dispatch(case(family, name).problem, rule).cost == value


@pytest.mark.slow
def test_every_file_of_every_family_can_be_read() -> None:
    for family in FAMILIES:
        everything = cases(ROOT, family.name, ["*"])
        assert everything
        assert all(found.problem.jobs for found in everything)
        chosen = family.load(ROOT)
        assert {found.name for found in chosen} <= {found.name for found in everything}


@pytest.mark.slow
def test_default_selections() -> None:
    chosen = {family.name: family.load(ROOT) for family in FAMILIES}
    assert {c.name[:2] for c in chosen["jobshop"]} == {"ft", "la"}
    assert {c.name[:2] for c in chosen["fjsp"]} == {"mk"}
    for name in ("hybrid_flowshop", "tardiness_pfsp", "sdst_pfsp"):
        assert len(chosen[name]) == SPREAD
        assert all(c.best_known is not None for c in chosen[name])
    assert len(chosen["wt"]) == 50
    for family in FAMILIES:
        if family.name not in ("jobshop", "fjsp", "wt_sds"):
            assert len(chosen[family.name]) * family.budget_cpu_s <= 6 * 60


def test_readers_agree_with_pyjobshop() -> None:
    """PyJobShop reads flexible job shops with a parser of its own (fjsplib)."""
    read = pytest.importorskip("pyjobshop.read", reason="PyJobShop is a tool of developers")
    for folder, name in (("brandimarte", "mk07"), ("kacem", "kacem1"), ("barnes", "setb4x")):
        path = ROOT / "fjsp" / folder / f"{name}.txt"
        if not path.exists():
            continue
        theirs = read.read(path)
        ours, _ = model_of(case("fjsp", name).problem)
        data = ours.data()
        assert [(m.task, m.resources, m.duration) for m in theirs.modes] == [
            (m.task, m.resources, m.duration) for m in data.modes
        ]
        assert [job.tasks for job in theirs.jobs] == [job.tasks for job in data.jobs]


def test_a_known_optimum_is_evaluated_as_such() -> None:
    """wt40_1: CP-SAT's value and the annealing's are the optimum of the OR-Library's list."""
    found = case("wt", "wt40_1")
    answer = solve_machines(found.problem, Budget(moves=300_000), Run(time.process_time))
    assert answer.solution is not None
    checked = found.check(answer.solution)
    assert checked.faults == ()
    assert checked.objective == found.best_known == 913


@pytest.mark.parametrize(
    ("family", "name"),
    [("jobshop", "ft06"), ("fjsp", "mk01"), ("fjsp", "mk03"), ("fjsp", "mk08")],
)
def test_small_shops_are_proved_optimal(family: str, name: str) -> None:
    pytest.importorskip("ortools", reason="CP-SAT is an extra")
    found = case(family, name)
    answer = solve_machines(found.problem, Budget(cpu_s=20.0), Run(time.process_time))
    assert answer.optimal
    assert answer.solution is not None
    assert found.check(answer.solution).objective == found.best_known
    assert found.check(answer.solution).faults == ()


def test_annealing_is_far_below_atcs() -> None:
    for name, most in (("wt_sds_1", 0.5), ("wt_sds_81", 0.985)):
        problem = case("wt_sds", name).problem
        answer = solve_machines(problem, Budget(moves=1_000_000), Run(time.process_time))
        assert isinstance(answer.solution, MachineSchedule)
        cost = case("wt_sds", name).check(answer.solution).objective
        assert cost <= most * dispatch(problem, "ATCS").cost


def test_cases_check_and_draw() -> None:
    found = case("wt_sds", "wt_sds_1")
    rules = found.rules()
    assert set(rules) >= {"FIFO", "EDD", "ATCS"}
    atcs = rules["ATCS"]
    assert found.check(atcs).objective == 1_963
    bars = found.bars(atcs)
    assert len(bars) == 60
    assert bars[0].start == 0
    assert all(bar.end - bar.start > bar.before for bar in bars)
    assert any(bar.late for bar in bars)
    assert found.check(Sequences({})).faults
    with pytest.raises(TypeError, match="no schedule of machines"):
        found.bars(Sequences({}))


def test_hinted_cp_sat_is_checked_like_all_others() -> None:
    pytest.importorskip("ortools", reason="CP-SAT is an extra")
    found = case("sdst_pfsp", "7")
    answer = cpsat_machines(found.problem, Budget(cpu_s=1.0), Run(time.process_time), True)
    assert answer.solution is not None
    assert found.check(answer.solution).faults == ()
    start = decode_permutation(found.problem, range(len(found.problem.jobs)))
    assert found.check(answer.solution).objective <= objective_of(found.problem, start)
