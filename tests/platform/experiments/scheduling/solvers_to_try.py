"""Solvers as users may write them, good ones and bad ones."""

import os
import time

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


class Forgets:
    """Leaves out every order."""

    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        return Answer(Sequences({}))


class Wrong:
    kinds = frozenset({"shop"})

    def solve(self, problem, budget, run):
        return "a plan"
