"""Solvers against optima found by trying everything; budgets, seeds, incumbents."""

import itertools
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from seamline_platform.planning.machines import annealing as annealing_module
from seamline_platform.planning.machines.annealing import anneal
from seamline_platform.planning.machines.check import check
from seamline_platform.planning.machines.dispatching import best_rule
from seamline_platform.planning.machines.greedy import iterated_greedy
from seamline_platform.planning.machines.problem import (
    Job,
    MachineProblem,
    MachineSchedule,
    Operation,
    objective_of,
)
from seamline_platform.planning.machines.solve import (
    cpsat_machines,
    pyjobshop_machines,
    solve_machines,
)
from seamline_platform.planning.machines.tabu import tabu_search
from seamline_platform.planning.scheduler import Answer, Run
from seamline_platform.planning.shop.annealing import Budget

pytest.importorskip("ortools", reason="CP-SAT is an extra")
Draw = Callable[..., MachineProblem]
Peer = Callable[[MachineProblem], int]
MOVES = Budget(moves=20_000)


def run(seed: int = 1, start: MachineSchedule | None = None) -> Run:
    return Run(time.process_time, seed, start)


def cost_of(problem: MachineProblem, answer: Answer) -> int:
    assert isinstance(answer.solution, MachineSchedule)
    verdict = check(problem, answer.solution)
    assert verdict.feasible, verdict.faults
    assert verdict.objective == objective_of(problem, answer.solution)
    return verdict.objective


@pytest.mark.parametrize("seed", range(4))
def test_sequences_reach_the_optimum(
    seed: int, one_machine: Draw, flow_shop: Draw, best_permutation: Peer
) -> None:
    for problem in (
        one_machine(seed),
        flow_shop(seed),
        flow_shop(seed, "tardiness"),
        flow_shop(seed, "tardiness", False),
    ):
        assert cost_of(problem, solve_machines(problem, MOVES, run())) == best_permutation(problem)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("modes", [1, 2])
def test_job_shops_reach_the_optimum(
    seed: int, modes: int, job_shop: Draw, best_makespan: Peer
) -> None:
    problem = job_shop(seed, modes)
    best = best_makespan(problem) if modes == 1 else None
    proved = cpsat_machines(problem, Budget(cpu_s=20), run(), False)
    assert proved.optimal
    assert best in (None, cost_of(problem, proved))
    assert cost_of(problem, solve_machines(problem, MOVES, run())) == cost_of(problem, proved)


@pytest.mark.parametrize("seed", range(2))
def test_exact_solvers_agree_with_trying_everything(
    seed: int, one_machine: Draw, flow_shop: Draw, best_permutation: Peer
) -> None:
    for problem in (one_machine(seed), flow_shop(seed), flow_shop(seed, "tardiness", False)):
        best = best_permutation(problem)
        for answer in (
            cpsat_machines(problem, Budget(cpu_s=30), run(), False),
            cpsat_machines(problem, Budget(cpu_s=30), run(), True),
        ):
            assert answer.optimal
            assert cost_of(problem, answer) == best


def test_pyjobshop_agrees(one_machine: Draw, flow_shop: Draw, job_shop: Draw) -> None:
    pytest.importorskip("pyjobshop", reason="PyJobShop is a tool of developers")
    for problem in (one_machine(3), flow_shop(3), job_shop(3, 2)):
        peer = pyjobshop_machines(problem, Budget(cpu_s=30), run())
        ours = cpsat_machines(problem, Budget(cpu_s=30), run(), False)
        assert peer.optimal
        assert cost_of(problem, peer) == cost_of(problem, ours)


def test_a_hybrid_flow_shop_gets_real_machines() -> None:
    both, third = ((0, 4), (1, 4)), ((2, 3),)
    problem = MachineProblem(
        "hybrid", 3, tuple(Job((Operation(both), Operation(third))) for _ in range(4))
    )
    for answer in (
        solve_machines(problem, MOVES, run()),
        cpsat_machines(problem, Budget(cpu_s=10), run(), False),
    ):
        assert cost_of(problem, answer) == 4 + 4 * 3


def test_equal_moves_and_seeds_give_equal_answers(one_machine: Draw, job_shop: Draw) -> None:
    for problem in (one_machine(9), job_shop(9, 2)):
        first, again = (solve_machines(problem, Budget(moves=500), run(7)) for _ in range(2))
        assert first == again


def test_plain_python_gives_what_numba_gives(one_machine: Draw, flow_shop: Draw) -> None:
    from seamline_platform.planning.machines import flow_kernel, one_machine_kernel

    pytest.importorskip("numba", reason="nothing to compare with")
    for kernel, problem in ((one_machine_kernel, one_machine(2)), (flow_kernel, flow_shop(2))):
        start = best_rule(problem).schedule
        search = annealing_module._search(problem, annealing_module.ranked_jobs(start))
        again = annealing_module._search(problem, annealing_module.ranked_jobs(start))
        cost = kernel.lay_out(search.tables, search.state, 0)
        fast = kernel.anneal(search.tables, search.state, 77, cost, cost, 300, 5.0, 0.1)
        kernel.lay_out(again.tables, again.state, 0)
        plain = kernel.anneal.py_func(again.tables, again.state, 77, cost, cost, 300, 5.0, 0.1)
        assert fast == plain


def test_nothing_is_worse_than_the_rules_or_the_start(flow_shop: Draw, job_shop: Draw) -> None:
    for problem in (flow_shop(5), job_shop(5)):
        rule = best_rule(problem)
        best = solve_machines(problem, MOVES, run()).solution
        assert isinstance(best, MachineSchedule)
        for answer in (
            solve_machines(problem, Budget(moves=1), run()),
            cpsat_machines(problem, Budget(cpu_s=1e-9), run(), True),
        ):
            assert cost_of(problem, answer) <= rule.cost
        kept = solve_machines(problem, Budget(moves=1), run(start=best))
        assert cost_of(problem, kept) == objective_of(problem, best)


def test_improvements_are_handed_out_at_once_and_fall(one_machine: Draw) -> None:
    costs: list[int] = []
    told = Run(time.process_time, on_improve=lambda _, cost: costs.append(cost))
    problem = one_machine(4)
    answer = solve_machines(problem, MOVES, told)
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == cost_of(problem, answer)


def test_a_cancelled_run_gives_the_start(flow_shop: Draw, job_shop: Draw) -> None:
    stop = Run(time.process_time, cancelled=lambda: True)
    for problem in (flow_shop(6), job_shop(6)):
        assert cost_of(problem, solve_machines(problem, MOVES, stop)) <= best_rule(problem).cost
        assert cpsat_machines(problem, MOVES, stop, False).solution is None


def test_the_clock_that_is_handed_in_ends_the_search(flow_shop: Draw) -> None:
    ticks = itertools.count()
    problem = flow_shop(8)
    start = best_rule(problem).schedule
    found = anneal(problem, start, Budget(cpu_s=3.0), Run(lambda: float(next(ticks))), -1)
    assert found.moves > 0
    assert found.cost <= objective_of(problem, start)
    assert next(ticks) < 10


def test_a_flow_shop_too_large_for_a_model_keeps_its_start() -> None:
    jobs = tuple(Job(tuple(Operation(((m, 1),)) for m in range(5))) for _ in range(300))
    problem = MachineProblem("large", 5, jobs, permutation=True)
    assert cpsat_machines(problem, Budget(cpu_s=1), run(), False) == Answer(None)
    assert cost_of(problem, cpsat_machines(problem, Budget(cpu_s=1), run(), True)) == 304


def test_no_jobs_are_done_at_once() -> None:
    empty = MachineProblem("empty", 1, ())
    assert solve_machines(empty, MOVES, run()).optimal
    assert math.isclose(objective_of(empty, MachineSchedule(())), 0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("modes", [1, 2])
def test_tabu_search_reaches_what_cp_sat_proves(seed: int, modes: int) -> None:
    rng = random.Random(seed)
    jobs = tuple(
        Job(
            tuple(
                Operation(tuple(((m + k) % 5, rng.randrange(1, 30)) for k in range(modes)))
                for m in rng.sample(range(5), 5)
            ),
            release=rng.randrange(10),
        )
        for _ in range(6)
    )
    problem = MachineProblem(f"shop_{seed}", 5, jobs)
    proved = cpsat_machines(problem, Budget(cpu_s=30), run(), False)
    assert proved.optimal
    start = best_rule(problem).schedule
    found = tabu_search(problem, start, Budget(moves=30_000), run(), cost_of(problem, proved))
    assert check(problem, found.schedule).feasible
    assert check(problem, found.schedule).objective == found.cost == cost_of(problem, proved)


def test_tabu_search_copes_with_operations_that_take_no_time() -> None:
    rng = random.Random(5)
    jobs = tuple(
        Job(tuple(Operation(((m, rng.choice((0, 0, 3, 7))),)) for m in rng.sample(range(4), 4)))
        for _ in range(5)
    )
    problem = MachineProblem("zeros", 4, jobs)
    found = tabu_search(problem, best_rule(problem).schedule, MOVES, run())
    assert check(problem, found.schedule).feasible


def test_tabu_search_without_numba_gives_the_same(job_shop: Draw) -> None:
    pytest.importorskip("numba", reason="nothing to compare with")
    problem = job_shop(11, 2)
    start = best_rule(problem).schedule
    code = (
        "import json, sys, time\n"
        "sys.modules['numba'] = None\n"
        "from seamline_platform.planning.machines.problem import *\n"
        "from seamline_platform.planning.machines.tabu import tabu_search\n"
        "from seamline_platform.planning.scheduler import Run\n"
        "from seamline_platform.planning.shop.annealing import Budget\n"
        "rows, starts = json.loads(sys.stdin.read())\n"
        "jobs = tuple(Job(tuple(Operation(tuple(map(tuple, o))) for o in j)) for j in rows)\n"
        "start = MachineSchedule.of(starts)\n"
        "problem = MachineProblem('again', 3, jobs)\n"
        "f = tabu_search(problem, start, Budget(moves=400), Run(time.process_time, 3))\n"
        "print(json.dumps([f.cost, f.moves, f.schedule.starts]))\n"
    )
    rows = [[o.modes for o in job.operations] for job in problem.jobs]
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps([rows, start.starts]), text=True,
        capture_output=True, env=dict(os.environ), check=True, timeout=120,
    )  # fmt: skip
    found = tabu_search(problem, start, Budget(moves=400), run(3))
    assert json.loads(done.stdout) == json.loads(
        json.dumps([found.cost, found.moves, found.schedule.starts])
    )


def test_tabu_search_refuses_what_it_does_not_know(flow_shop: Draw) -> None:
    problem = flow_shop(1)
    with pytest.raises(ValueError, match="makespan without set-ups only"):
        tabu_search(problem, best_rule(problem).schedule, MOVES, run())


def test_phases_of_a_job_shop_share_the_budget() -> None:
    rng = random.Random(8)
    jobs = tuple(
        Job(tuple(Operation(((m, rng.randrange(1, 99)),)) for m in rng.sample(range(10), 10)))
        for _ in range(15)
    )
    problem = MachineProblem("la-like", 10, jobs)
    began = time.process_time()
    answer = solve_machines(problem, Budget(cpu_s=3.0), run())
    assert time.process_time() - began < 6.0
    assert answer.moves > 0
    assert answer.ticks > 0
    assert cost_of(problem, answer) <= best_rule(problem).cost


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("with_setups", [True, False])
def test_iterated_greedy_reaches_the_optimum(
    seed: int, with_setups: bool, flow_shop: Draw, best_permutation: Peer
) -> None:
    problem = flow_shop(seed, "makespan", with_setups)
    found = iterated_greedy(problem, best_rule(problem).schedule, Budget(moves=5_000), run(seed))
    assert check(problem, found.schedule).feasible
    assert check(problem, found.schedule).objective == found.cost == best_permutation(problem)


def test_iterated_greedy_is_never_worse_and_knows_what_it_is_for(flow_shop: Draw) -> None:
    problem = flow_shop(3)
    start = best_rule(problem).schedule
    found = iterated_greedy(problem, start, Budget(moves=1), run())
    assert found.cost <= objective_of(problem, start)
    with pytest.raises(ValueError, match="no permutation flow shop with makespan"):
        iterated_greedy(flow_shop(3, "tardiness"), start, MOVES, run())
