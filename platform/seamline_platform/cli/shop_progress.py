"""What a person sees while a plan is sought, and how Ctrl-C ends the search, not the program."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from seamline_platform.cli.words import note

if TYPE_CHECKING:
    from types import FrameType

    from seamline_platform.planning.shop.annealing import Cancelled, Timer
    from seamline_platform.planning.shop.decode import Plan

STAGES: Final = {
    "rules": "dispatch rules",
    "annealing": "simulated annealing",
    "cp-sat": "CP-SAT on parts",
    "pareto": "cost or electricity",
}


class Watch(Protocol):
    """Is told how the search goes."""

    def stage(self, name: str) -> None:
        """Take the name of a stage that begins."""

    def improved(self, plan: "Plan", cost: int) -> None:
        """Take a plan that costs less than all before."""

    def cost(self, cost: int) -> None:
        """Take a cost that is below all before."""

    def look(self) -> None:
        """Show the CPU seconds that are used by now."""

    def cancelled(self) -> bool:
        """Return True if the search should end."""


@dataclass(slots=True)
class _Quiet:
    """Nobody looks: only Ctrl-C counts."""

    asked: "Cancelled"

    def stage(self, name: str) -> None:
        pass

    def improved(self, plan: "Plan", cost: int) -> None:
        pass

    def cost(self, cost: int) -> None:
        pass

    def look(self) -> None:
        pass

    def cancelled(self) -> bool:
        return self.asked()


@contextmanager
def watching(budget_s: float, cpu: "Timer") -> Iterator[Watch]:
    """Show stage, cost and CPU seconds while the search runs, where standard error is a terminal.

    Ctrl-C ends the search with the best plan so far; a second one ends the program.
    """
    from rich.console import Console

    console = Console(stderr=True)
    with interruptible() as asked:
        if not console.is_terminal:
            yield _Quiet(asked)
            return
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.description:<20}"), BarColumn(),
            TextColumn("{task.completed:.1f} of {task.total:g} CPU-s"),
            TextColumn("cost {task.fields[cost]}"), TextColumn("[dim]Ctrl-C: take the best so far"),
        )  # fmt: skip
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("reading", total=budget_s, cost="-")
            began = cpu()

            class Bar:
                def stage(self, name: str) -> None:
                    bar.update(task, description=STAGES.get(name, name))

                def improved(self, plan: "Plan", cost: int) -> None:
                    self.cost(cost)

                def cost(self, cost: int) -> None:
                    bar.update(task, cost=f"{cost:,}")

                def look(self) -> None:
                    bar.update(task, completed=min(cpu() - began, budget_s))

                def cancelled(self) -> bool:
                    self.look()
                    return asked()

            yield Bar()


@contextmanager
def interruptible() -> Iterator["Cancelled"]:
    """Let the first Ctrl-C only be noticed: the search ends, and what it has found is printed."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def notice(_number: int, _frame: "FrameType | None") -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)
        note("Interrupted: the best plan so far.")

    signal.signal(signal.SIGINT, notice)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
