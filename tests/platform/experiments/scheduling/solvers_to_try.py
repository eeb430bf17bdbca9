"""Solvers as users may write them, good ones and bad ones."""

import os
import subprocess
import sys
import time
from pathlib import Path

from seamline_platform.planning.scheduler import Answer
from seamline_platform.planning.shop.sequences import Sequences


class Patient:
    """Gives back what it was handed."""

    kinds = frozenset({"shop", "machines"})

    def solve(self, problem, budget, run):
        return Answer(run.start)


class Raises:
    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        raise KeyError("no such order")


class Dies:
    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        os._exit(3)


class Hangs:
    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        while True:
            time.process_time()


class Family:
    """Starts a process of its own, says which, and waits for ever."""

    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        child = subprocess.Popen(
            [sys.executable, "-c", "import threading; threading.Event().wait(600)"]
        )
        Path(__file__).with_name("pid").write_text(str(child.pid))
        while True:
            time.process_time()


class Forgets:
    """Leaves out every order."""

    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        return Answer(Sequences({}))


class Wrong:
    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        return "a plan"
