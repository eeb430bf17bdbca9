"""Families of drawn garment plants, frozen in files: nobody tunes on them, nobody draws them anew.

`garment_40x8` has 40 orders on 8 lines, `garment_60x12` 60 on 12. Seeds from 1001 on are kept for
measuring; whoever tunes takes others from `planning.shop.generate.draw_plant`.
"""

import json
from collections.abc import Mapping
from functools import cached_property, partial
from importlib import resources
from pathlib import Path
from typing import Any, Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.scheduling.contract import Case, Checked, Family, GanttBar
from seamline_platform.planning.scheduler import AnyProblem, Solution
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import DeadlockError, unplaced
from seamline_platform.planning.shop.dispatching import every_rule
from seamline_platform.planning.shop.document import document_of, problem_of
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Schedule, schedule_of
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of
from seamline_platform.planning.shop.solve import reasons

SEEDS: Final = tuple(range(1001, 1011))
SIZES: Final = {"garment_40x8": (40, 8), "garment_60x12": (60, 12)}
BUDGET_CPU_S: Final = 5.0


class GarmentCase(Case):
    """A plant; solutions are sequences, their times come from the decoder, as everywhere."""

    def __init__(self, family: str, name: str, problem: AnyProblem) -> None:
        self.family, self.name, self.problem = family, name, problem

    def __reduce__(self) -> tuple[type["GarmentCase"], tuple[str, str, AnyProblem]]:
        """Travel to a worker without tables that it makes itself."""
        return GarmentCase, (self.family, self.name, self.problem)

    @cached_property
    def compiled(self) -> Compiled:
        """Return the plant as tables."""
        return compile_problem(self._plant)

    @property
    def _plant(self) -> Problem:
        if not isinstance(self.problem, Problem):
            raise ConfigError(f"{self.name} is no garment plant.")
        return self.problem

    def rules(self) -> Mapping[str, Solution]:
        """Return the plans of seven rules, each with four non-delay cutting orders."""
        return {
            f"{found.rule}/{found.cut_rule}": sequences_of(self.compiled, found.plan)
            for found in every_rule(self.compiled)
        }

    def check(self, solution: Solution) -> Checked:
        """Return what the checker of plans says; an order left out that could be sewn is a fault.

        The cost is counted here from the rows, not taken from the decoder.
        """
        if not isinstance(solution, Sequences):
            return Checked(0, (f"{type(solution).__name__} is no plan of a plant.",))
        try:
            plan = plan_of(self.compiled, solution)
            left_out = unplaced(self.compiled, plan)
            why = reasons(self.compiled, left_out)
            schedule = schedule_of(self.compiled, plan, why)
        except (ConfigError, DeadlockError) as exc:
            return Checked(0, (str(exc),))
        faults = check(self._plant, schedule)
        faults += [
            f"{self._plant.orders[i].order} is not planned though a line can sew it."
            for i in left_out
            if any(self._plant.can(line, self._plant.orders[i]) for line in self._plant.lines)
        ]
        return Checked(schedule.value.cost, tuple(faults))

    def schedule(self, solution: Sequences) -> Schedule:
        """Return the times of a plan."""
        return schedule_of(self.compiled, plan_of(self.compiled, solution))

    def bars(self, solution: Solution) -> tuple[GanttBar, ...]:
        """Return sewing on lines, coloured by family of style; set-ups stand before."""
        if not isinstance(solution, Sequences):
            return ()
        plant = self._plant
        family = {order.order: plant.style_of[order.style].family for order in plant.orders}
        return tuple(
            GanttBar(
                row.line, row.order, family[row.order], row.sew_start - row.setup, row.sew_end,
                row.setup, row.late > 0,
            )
            for row in self.schedule(solution).rows
        )  # fmt: skip


def load_frozen(family: str, instances: Path | None = None) -> tuple[Case, ...]:
    """Return the ten plants of a family; `instances` is not needed.

    Raises:
        ConfigError: if a file is missing or damaged (the installation is not whole).
    """
    folder = resources.files("seamline_platform") / "experiments" / "scheduling" / "frozen"
    cases = []
    for seed in SEEDS:
        file = folder / family / f"{seed}.json"
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise ConfigError(f"Instance {family}/{seed}.json cannot be read: {exc}.") from exc
        cases.append(GarmentCase(family, str(seed), problem_of(document)))
    return tuple(cases)


def drawn(family: str, seed: int) -> Problem:
    """Return a plant of a family as the generator draws it."""
    orders, lines = SIZES[family]
    return draw_plant(Recipe(orders, lines, seed))


def frozen_document(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON without parts that are empty: they come back as defaults."""
    whole = document_of(problem)
    return {
        part: [_filled(row) for row in value] if part in ("styles", "orders", "lines") else value
        for part, value in whole.items()
        if value not in ({}, [], None)
    }


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value not in ("", {}, [], (), None)}


def freeze(folder: Path) -> list[Path]:
    """Write the families' files anew, and return them; a test holds the shipped ones to this."""
    files = []
    for family in SIZES:
        for seed in SEEDS:
            file = folder / family / f"{seed}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(frozen_document(drawn(family, seed)), separators=(",", ":"))
            file.write_text(text + "\n", encoding="utf-8")
            files.append(file)
    return files


FAMILIES: Final = tuple(
    Family(
        name,
        f"Garment plant, {orders} orders on {lines} lines",
        f"服装厂：{lines} 条产线、{orders} 个订单",
        BUDGET_CPU_S,
        partial(load_frozen, name),
        "10 x weighted tardiness + set-up ticks",
        needs_instances=False,
    )
    for name, (orders, lines) in SIZES.items()
)
