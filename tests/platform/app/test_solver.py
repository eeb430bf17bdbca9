"""The solver's process: asked, heard, killed, restarted; the newest question counts."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import psutil
import pytest

from seamline_broker.clock import WallClock
from seamline_platform.app import solver as module
from seamline_platform.app.solver import COMMAND, Heard, SolverProcess, SolverState
from seamline_platform.planning.hub.question import Question
from seamline_platform.planning.replan.evaluated import evaluated
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.sequences import Sequences

READY = """
import json, os, sys
say = lambda **d: print(json.dumps(d), flush=True)
say(t="ready", method="m")
"""


def question(cpu_s: float = 0.2) -> Question:
    problem = draw_plant(Recipe(12, 3, 1, 0.9))
    orders = [o.order for o in problem.orders]
    able = {o.order: [x for x in problem.lines if problem.can(x, o)] for o in problem.orders}
    lines: dict[str, tuple[str, ...]] = {x.line: () for x in problem.lines}
    for order in orders:
        line = able[order][0].line
        lines[line] = (*lines[line], order)
    return Question(problem, Sequences(lines), cpu_s, runs=10)


class Desk:
    """Hears what a solver's process says; waits for what a test needs."""

    def __init__(self, *command: str) -> None:
        self.heard: list[Heard] = []
        self.states: list[SolverState] = []
        self.news = asyncio.Event()
        self.solver = SolverProcess(self._hear, self._show, WallClock(), command or COMMAND)

    def _hear(self, heard: Heard) -> None:
        self.heard.append(heard)
        self.news.set()

    def _show(self, state: SolverState) -> None:
        self.states.append(state)
        self.news.set()

    async def until(self, found: Callable[[], bool], timeout_s: float = 60) -> None:
        async with asyncio.timeout(timeout_s):
            while not found():
                self.news.clear()
                await self.news.wait()


def run(desk_and_steps: Callable[[Desk], object], *command: str) -> Desk:
    async def live() -> Desk:
        desk = Desk(*command)
        task = asyncio.create_task(desk.solver.run())
        try:
            await desk_and_steps(desk)  # type: ignore[misc]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return desk

    return asyncio.run(live())


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.05)


def test_improvements_are_streamed_and_the_last_answer_is_a_checked_plan() -> None:
    asked = question()

    async def steps(desk: Desk) -> None:
        number = desk.solver.ask(asked)
        await desk.until(lambda: any(h.final for h in desk.heard))
        assert {h.number for h in desk.heard} == {number}

    desk = run(steps)
    last = desk.heard[-1].answer
    assert last is not None
    assert last.cost == evaluated(asked.problem, last.sequences).value.cost
    assert last.compared["chosen"] in ("provisional", "improved", "cautious")
    assert desk.states[0].state == "idle"
    assert desk.solver.state.method.startswith("annealing")
    assert desk.solver.state.budget_s == asked.cpu_s


def test_the_newest_question_counts() -> None:
    async def steps(desk: Desk) -> None:
        desk.solver.ask(question(cpu_s=60.0))
        await desk.until(lambda: desk.solver.state.state == "working")
        number = desk.solver.ask(question())
        await desk.until(lambda: any(h.final for h in desk.heard))
        assert desk.heard[-1].number == number

    run(steps)


def test_a_killed_process_is_told_with_its_reason_and_comes_back() -> None:
    async def steps(desk: Desk) -> None:
        desk.solver.ask(question(cpu_s=60.0))
        await desk.until(lambda: desk.solver.state.state == "working")
        os.kill(desk.solver.state.pid, signal.SIGKILL)
        await desk.until(lambda: bool(desk.heard and desk.heard[-1].reason))
        assert "killed by SIGKILL" in desk.heard[-1].reason
        assert "rules go on" in desk.solver.state.reason
        assert "SIGKILL" in desk.solver.state.reason_zh
        assert not desk.heard[-1].final  # the question is asked again
        desk.solver.ask(question())
        await desk.until(lambda: any(h.final and h.answer for h in desk.heard))
        assert desk.solver.state.restarts == 1

    run(steps)


def test_a_question_that_kills_twice_is_not_asked_a_third_time() -> None:
    script = READY + "sys.stdin.readline()\nsys.stderr.write('out of memory\\n')\nos._exit(3)\n"

    async def steps(desk: Desk) -> None:
        desk.solver.ask(question())
        await desk.until(lambda: any(h.final for h in desk.heard))

    desk = run(steps, sys.executable, "-c", script)
    assert [h.final for h in desk.heard] == [False, True]
    assert "ended with 3: out of memory" in desk.heard[-1].reason


def test_a_question_that_makes_no_sense_is_answered_so_and_the_process_lives() -> None:
    asked = question()
    wrong = Question(asked.problem, Sequences({"L1": ("nobody",)}), 0.1)

    async def steps(desk: Desk) -> None:
        desk.solver.ask(wrong)
        await desk.until(lambda: bool(desk.heard))
        assert "nobody" in desk.heard[0].reason
        pid = desk.solver.state.pid
        desk.solver.ask(asked)
        await desk.until(lambda: any(h.answer and h.final for h in desk.heard))
        assert desk.solver.state.pid == pid

    run(steps)


def test_nonsense_on_its_output_is_passed_over() -> None:
    script = READY + (
        "number=json.loads(sys.stdin.readline())['id']\nprint('{')\nprint('[]')\n"
        "say(t='failed',id=number-1,reason='old')\nsay(t='failed',id=number,reason='no')\n"
        "sys.stdin.read()\n"
    )

    async def steps(desk: Desk) -> None:
        desk.solver.ask(question())
        await desk.until(lambda: bool(desk.heard))

    desk = run(steps, sys.executable, "-c", script)
    assert [h.reason for h in desk.heard] == ["no"]


def test_a_command_that_cannot_be_started_is_a_reason_not_an_exception() -> None:
    async def steps(desk: Desk) -> None:
        desk.solver.ask(question())
        await desk.until(lambda: any(h.final for h in desk.heard))

    desk = run(steps, "/nowhere/python")
    assert "no process can be started" in desk.heard[0].reason
    assert desk.solver.state.state == "failed"


def test_the_process_ends_with_the_platform() -> None:
    async def steps(desk: Desk) -> None:
        desk.solver.ask(question())
        await desk.until(lambda: desk.solver.state.pid > 0)

    desk = run(steps)
    pids = {s.pid for s in desk.states if s.pid}
    assert not any(psutil.pid_exists(pid) for pid in pids)
