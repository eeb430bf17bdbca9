"""Runs with solvers that work, raise, die, hang and cheat: rows fail, never the run."""

import contextlib
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from seamline_broker.errors import ConfigError, PluginError
from seamline_platform.experiments.scheduling import catalogue, study
from seamline_platform.experiments.scheduling.garment import GarmentCase
from seamline_platform.experiments.scheduling.plan import Options
from seamline_platform.experiments.scheduling.process import StoppedError, Worker, WorkerError
from seamline_platform.experiments.scheduling.worker import SolveOrder
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.generate import Recipe, draw_plant

SOLVERS = Path(__file__).parent / "solvers_to_try.py"


ASKS = """
import sys
from seamline_platform.experiments.scheduling.garment import GarmentCase
from seamline_platform.experiments.scheduling.process import Worker
from seamline_platform.experiments.scheduling.worker import SolveOrder
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.generate import Recipe, draw_plant

if __name__ == "__main__":
    case = GarmentCase("garment_40x8", "1", draw_plant(Recipe(8, 2, seed=3)))
    order = SolveOrder(case, sys.argv[1], Budget(1.0), 1)
    Worker(lambda: False).ask(order, 300.0, 300.0, lambda share, text: None)
"""


def test_a_busy_worker_and_its_children_end_with_a_parent_that_is_killed(tmp_path):
    told = tmp_path / "pid"
    file = shutil.copy(SOLVERS, tmp_path)
    script = tmp_path / "asks.py"
    script.write_text(ASKS, encoding="utf-8")
    with subprocess.Popen([sys.executable, script, f"{file}:Family"]) as asking:
        while not (told.is_file() and told.read_text()):  # a process of its own: only looked at
            assert asking.poll() is None
            threading.Event().wait(0.1)
        child = psutil.Process(int(told.read_text()))
        worker = child.parent()
        asking.kill()
        _, alive = psutil.wait_procs([worker, child], timeout=60)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


@pytest.fixture
def small_families(monkeypatch):
    case = GarmentCase("garment_40x8", "1", draw_plant(Recipe(8, 2, seed=3)))
    monkeypatch.setattr(catalogue, "load_cases", lambda family, folder, quick: (case,))
    return case


def options(tmp_path, **more):
    return Options(
        families=("garment_40x8",), peers="none", moves=400, out=tmp_path / "out", jobs=1, **more
    )


@pytest.mark.timeout(600)
def test_a_bad_solver_fails_its_row_and_no_other(tmp_path, small_families):
    names = ("Patient", "Raises", "Dies", "Forgets", "Wrong")
    solvers = tuple(f"{SOLVERS}:{name}" for name in names)
    result = study.run(options(tmp_path, solvers=solvers))
    (found,) = result.cases
    by_name = {column.rpartition(":")[2]: o for column, o in found.outcomes.items()}
    assert by_name["Seamline"].ok
    assert by_name["Seamline"].moves == 400
    assert by_name["Seamline"].objective <= found.rules.objective
    assert by_name["Patient"].objective == found.rules.objective == by_name["Patient"].start
    assert "KeyError" in by_name["Raises"].reason
    assert "ended with 3" in by_name["Dies"].reason
    assert "is not planned" in by_name["Forgets"].reason
    assert "returns an Answer" in by_name["Wrong"].reason
    costs = [cost for _, cost in by_name["Seamline"].curve]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == by_name["Seamline"].objective


@pytest.mark.timeout(600)
def test_a_finished_row_is_not_run_again_and_equal_moves_give_equal_plans(
    tmp_path, small_families, monkeypatch
):
    first = study.run(options(tmp_path)).cases[0].outcomes["Seamline"]
    again = study.run(options(tmp_path, fresh=True)).cases[0].outcomes["Seamline"]
    assert again.solution == first.solution

    def ask(*args):
        raise AssertionError("it was run again")

    monkeypatch.setattr(Worker, "ask", ask)
    assert study.run(options(tmp_path)).cases[0].outcomes["Seamline"] == again


@pytest.mark.timeout(600)
def test_a_solver_that_never_ends_is_stopped(small_families):
    worker = Worker(lambda: False)
    order = SolveOrder(small_families, f"{SOLVERS}:Hangs", Budget(0.1), 1)
    try:
        with pytest.raises(WorkerError, match="did not end: stopped after 1 CPU seconds"):
            worker.ask(order, 1.0, 300.0, lambda share, text: None)
        order = SolveOrder(small_families, "DispatchRules", Budget(0.1), 1)
        assert worker.ask(order, 60.0, 300.0, lambda share, text: None).ok
    finally:
        worker.close()


@pytest.mark.timeout(600)
def test_a_benchmark_that_is_stopped_ends_all_processes(small_families, tmp_path):
    told = tmp_path / "pid"
    file = shutil.copy(SOLVERS, tmp_path)
    order = SolveOrder(small_families, f"{file}:Family", Budget(1.0), 1)
    worker = Worker(lambda: told.is_file() and told.read_text() != "")
    with pytest.raises(StoppedError):
        worker.ask(order, 300.0, 300.0, lambda share, text: None)
    with contextlib.suppress(psutil.NoSuchProcess):
        child = psutil.Process(int(told.read_text()))
        if child.status() != psutil.STATUS_ZOMBIE:  # dead, only nobody collected it yet
            child.wait(10)


@pytest.mark.timeout(600)
def test_parts_are_told_by_name_when_they_are_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "PARTS", ("dreams",))
    monkeypatch.setattr(catalogue, "PART_CPU_S", {"dreams": 1.0})
    told = []
    result = study.run(
        Options(parts=("dreams",), out=tmp_path, jobs=1), lambda *seen: told.append(seen)
    )
    assert "Part dreams is not there" in result.parts["dreams"]["not_measured"]
    assert result.cases == ()
    assert told[-1][0] == told[-1][1] == 1.0


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="no family 'jacket'"):
        study.run(Options(families=("jacket",), out=tmp_path))
    with pytest.raises(ConfigError, match="no part 'dreams'"):
        study.run(Options(parts=("dreams",), out=tmp_path))
    with pytest.raises(PluginError, match="registered"):
        study.run(Options(solvers=("Gurobi",), families=("garment_40x8",), out=tmp_path))
    with pytest.raises(ConfigError, match="--peers"):
        Options(peers="few")


def test_spread_takes_evenly():
    assert catalogue.spread("abcdefghij", 3) == ("a", "d", "g")
    assert catalogue.spread("ab", 5) == ("a", "b")
