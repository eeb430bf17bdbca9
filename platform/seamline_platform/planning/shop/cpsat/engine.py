"""CP-SAT behind a small door: loaded when it is needed, hinted completely, stopped from outside."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Timer

Status = Literal["optimal", "feasible", "nothing"]
_LOOK_S: Final = 0.02
"""How often a running solver is asked whether it should stop, in seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one call of the solver may take.

    `ticks` is CP-SAT's deterministic time (about a second of one quiet core): with one worker the
    same call gives the same answer on every machine.
    """

    ticks: float
    workers: int = 1

    def __post_init__(self) -> None:
        if not self.ticks > 0 or self.workers < 1:
            raise ValueError(
                f"Limits need ticks above 0 and at least 1 worker; got {self.ticks} and "
                f"{self.workers}."
            )


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call of the solver ended; `objective` is None where it found nothing."""

    status: Status
    objective: int | None
    ticks: float
    cpu_s: float


def cp_model() -> Any:
    """Return the module `ortools.sat.python.cp_model`.

    Raises:
        ConfigError: naming the extra to install where OR-Tools is not there.
    """
    try:
        from ortools.sat.python import cp_model as module
    except ImportError as exc:
        raise ConfigError(
            "CP-SAT needs OR-Tools, which is not installed: pip install 'seamline[solve]'."
        ) from exc
    return module


def have_cp_sat() -> bool:
    """Return True if OR-Tools can be loaded."""
    try:
        cp_model()
    except ConfigError:
        return False
    return True


class HintedModel:
    """A CP-SAT model in which a variable and its hint are made in one step.

    CP-SAT takes over a first solution only where every variable has a hint, so none is left out by
    construction. With `hinted=False` no hint is given at all.
    """

    def __init__(self, hinted: bool) -> None:
        self.cp: Any = cp_model().CpModel()
        self.hinted = hinted

    def number(self, low: int, high: int, hint: int) -> Any:
        """Return a whole number in low .. high; the hint widens the range where it lies outside."""
        if self.hinted:
            low, high = min(low, hint), max(high, hint)
        variable = self.cp.new_int_var(low, high, "")
        if self.hinted:
            self.cp.add_hint(variable, hint)
        return variable

    def flag(self, hint: bool) -> Any:
        """Return a truth value."""
        variable = self.cp.new_bool_var("")
        if self.hinted:
            self.cp.add_hint(variable, hint)
        return variable


Reader = Callable[[Any], int]
"""Gives the value of a variable (or of an expression) in a solution."""


def run(
    model: HintedModel,
    limits: Limits,
    cpu: Timer,
    *,
    seed: int = 1,
    on_solution: Callable[[Reader], None] | None = None,
    stop: Callable[[], bool] | None = None,
    fix_to_hint: bool = False,
) -> Ended:
    """Solve the model; `on_solution` reads every solution as it is found.

    `stop` is asked from another thread while the solver runs, also during presolve.
    """
    module = cp_model()
    solver = module.CpSolver()
    parameters = solver.parameters
    parameters.max_deterministic_time = limits.ticks
    parameters.num_workers = limits.workers
    parameters.random_seed = seed % 2_147_483_647
    parameters.fix_variables_to_their_hinted_value = fix_to_hint
    if limits.workers == 1:
        _for_small_models(parameters)
    watch = _callback(module, on_solution)
    began = cpu()
    with _stopping(solver, stop):
        code = solver.solve(model.cp, watch)
    names: dict[Any, Status] = {module.OPTIMAL: "optimal", module.FEASIBLE: "feasible"}
    status = names.get(code, "nothing")
    return Ended(
        status,
        None if status == "nothing" else round(solver.objective_value),
        float(solver.response_proto.deterministic_time),
        cpu() - began,
    )


def _for_small_models(parameters: Any) -> None:
    """Spend the time on search: on models of ten orders long presolving does not pay."""
    parameters.cp_model_probing_level = 0
    parameters.symmetry_level = 0


def _callback(module: Any, on_solution: Callable[[Reader], None] | None) -> Any:
    class Watch(module.CpSolverSolutionCallback):  # type: ignore[misc]
        def on_solution_callback(self) -> None:
            if on_solution is not None:
                on_solution(self.value)

    return Watch()


@contextmanager
def _stopping(solver: Any, stop: Callable[[], bool] | None) -> Iterator[None]:
    """Ask `stop` from a thread of its own and end the search when it says so."""
    if stop is None:
        yield
        return
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_S):
            if stop():
                solver.stop_search()

    thread = threading.Thread(target=look, name="cp-sat-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
