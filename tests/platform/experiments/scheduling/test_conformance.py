"""The conformance suite: the starter keeps every promise, bad solvers are told what is wrong."""

from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError, PluginError
from seamline_platform.experiments.scheduling.conformance import check_scheduler
from seamline_platform.experiments.scheduling.conformance.checks import CHECKS, run_check
from seamline_platform.experiments.scheduling.conformance.starter import write_starter
from seamline_platform.planning.solvers import load_scheduler
from seamline_platform.planning.solvers.load import known_scheduler

SOLVERS = Path(__file__).parent / "solvers_to_try.py"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_starter_keeps_every_promise(tmp_path):
    path = write_starter("MySolver", tmp_path)
    assert path.name == "my_solver.py"
    report = check_scheduler(f"{path}:MySolver")
    assert report.ok, report.document()
    assert [finding.check for finding in report.findings] == list(CHECKS)
    with pytest.raises(ConfigError, match="is there already"):
        write_starter("MySolver", tmp_path)


@pytest.mark.parametrize("name", ["plans", "not_worse", "repeats"])
def test_the_starter_by_single_checks(tmp_path, name):
    path = write_starter("MySolver", tmp_path)
    finding = run_check(f"{path}:MySolver", name)
    assert finding.ok, finding


@pytest.mark.parametrize(
    ("solver", "check", "said"),
    [
        ("Raises", "plans", "KeyError"),
        ("Forgets", "plans", "is not planned"),
        ("Wrong", "not_worse", "it returned str"),
        ("Patient", "plans", "it found nothing"),
        ("Nobody", "loads", "has no class 'Nobody'"),
    ],
)
def test_a_broken_promise_is_named(solver, check, said):
    finding = run_check(f"{SOLVERS}:{solver}", check)
    assert not finding.ok
    assert said in finding.came
    assert finding.mend


@pytest.mark.timeout(600)
def test_one_that_dies_is_found_out():
    report = check_scheduler(f"{SOLVERS}:Dies")
    by_name = {finding.check: finding for finding in report.findings}
    assert by_name["loads"].ok
    assert "ended with 3" in by_name["plans"].came


def test_solvers_by_name():
    assert known_scheduler("dispatch_rules") == "DispatchRules"
    assert load_scheduler("annealing").kinds == {"shop"}
    with pytest.raises(PluginError, match="registered: Annealing"):
        known_scheduler("Gurobi")
    with pytest.raises(PluginError, match="needs a method 'solve"):
        load_scheduler(f"{Path(__file__)}:NoSolver")
    with pytest.raises(PluginError, match="takes kitchens"):
        load_scheduler(f"{Path(__file__)}:Cook")


class NoSolver:
    pass


class Cook:
    kinds = frozenset({"kitchens"})

    def solve(self, problem, budget, run):
        return None
