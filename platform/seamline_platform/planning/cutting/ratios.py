"""All markers that a table can hold, and the programme over them.

With markers enumerated a cut plan is linear: n_m plies of marker m on z_m lays,

    minimise  sum_m (length_m + end loss) n_m + lay cost z_m
    demand <= sum_m a_sm n_m <= cap,  n_m <= plies_m z_m,  n and z whole numbers.

Its relaxation over all markers bounds every plan. The whole programme is solved over the markers
with the lowest reduced costs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.planning.balancing.whole import solve_whole
from seamline_platform.planning.cutting.demand import Demand, Rules
from seamline_platform.planning.cutting.lays import Lay

MAX_MARKERS: Final = 60_000
_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Search:
    """When the search over markers stops: gap, nodes; seconds on the wall as a safety net."""

    gap: float = 0.01
    nodes: int = 20
    wall_s: float = 60.0


def ratios(demand: Demand, rules: Rules) -> tuple[tuple[int, ...], ...]:
    """Return all size ratios within the limits of marker, table and demand.

    Raises:
        ConfigError: if a garment is longer than the table, or if there are too many ratios.
    """
    for size, length in zip(demand.sizes, demand.length_cm, strict=True):
        if length > rules.table_cm:
            raise ConfigError(
                f"A garment of size {size} takes {length:g} cm; the table has {rules.table_cm:g}."
            )
    found = []
    for ratio in _ratios(demand, rules, demand.caps(rules)):
        found.append(ratio)
        if len(found) > MAX_MARKERS:
            raise ConfigError(
                f"{len(demand.sizes)} sizes and {rules.max_garments} garments per marker give "
                f"more than {MAX_MARKERS} markers; allow fewer garments per marker."
            )
    return tuple(found)


def _ratios(demand: Demand, rules: Rules, caps: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    def extend(ratio: tuple[int, ...], left: int, room: float) -> Iterator[tuple[int, ...]]:
        s = len(ratio)
        if s == len(caps):
            if any(ratio):
                yield ratio
            return
        length = demand.length_cm[s]
        for a in range(min(left, caps[s], int((room + 1e-9) // length)) + 1):
            yield from extend((*ratio, a), left - a, room - a * length)

    return extend((), rules.max_garments, rules.table_cm)


@dataclass(frozen=True)
class Programme:
    """The programme over some markers, as arrays."""

    demand: Demand
    rules: Rules
    markers: tuple[tuple[int, ...], ...]

    @property
    def ratio(self) -> Any:
        """Return sizes x markers."""
        return np.array(self.markers, dtype=float).T

    @property
    def plies(self) -> Any:
        """Return the most plies of a lay of each marker."""
        caps = self.demand.caps(self.rules)
        return np.array([
            min([self.rules.max_plies, *(c // a for c, a in zip(caps, m, strict=True) if a)])
            for m in self.markers
        ], dtype=float)  # fmt: skip

    @property
    def cost(self) -> Any:
        """Return the cloth of a ply of each marker, then the fixed cost of a lay of each."""
        ply = np.array(self.demand.length_cm) @ self.ratio + self.rules.end_loss_cm
        return np.concatenate([ply, np.full(len(self.markers), self.rules.lay_cost_cm)])

    def constraints(self) -> Any:
        """Return the rows for scipy: demand and caps, all pieces, plies of lays, fewest lays."""
        from scipy.optimize import LinearConstraint
        from scipy.sparse import csr_matrix, diags, hstack, identity

        count, sizes = len(self.markers), len(self.demand.sizes)
        ratio = self.ratio
        zero = csr_matrix((sizes, count))
        none = csr_matrix((1, count))
        most = self.rules.max_garments * self.rules.max_plies
        fewest = -(-self.demand.total // most)
        return [
            LinearConstraint(hstack([csr_matrix(ratio), zero]), self.demand.pieces,
                             self.demand.caps(self.rules)),
            LinearConstraint(hstack([csr_matrix(ratio.sum(axis=0)[None]), none]), 0,
                             self.demand.cap(self.rules)),
            LinearConstraint(hstack([identity(count), diags(-self.plies)]), -np.inf, 0),
            LinearConstraint(hstack([none, csr_matrix(np.ones((1, count)))]), fewest, np.inf),
        ]  # fmt: skip


def relaxed(
    demand: Demand, rules: Rules, markers: tuple[tuple[int, ...], ...]
) -> tuple[float, Any]:
    """Return the bound over all markers, and the reduced cost of a full lay's ply of each."""
    from scipy.optimize import linprog

    programme = Programme(demand, rules, markers)
    ratio, plies = programme.ratio, programme.plies
    count = len(markers)
    # a lay is never worth more than its plies: z_m = n_m / plies_m in the relaxation
    cost = programme.cost[:count] + rules.lay_cost_cm / plies
    most = rules.max_garments * rules.max_plies
    fewest = -(-demand.total // most)
    rows = np.vstack([-ratio, ratio, ratio.sum(axis=0)[None], -1.0 / plies[None]])
    upper = [*(-n for n in demand.pieces), *demand.caps(rules), demand.cap(rules), -fewest]
    found = linprog(cost, A_ub=rows, b_ub=upper, method="highs")
    reduced = cost - np.asarray(found.ineqlin.marginals) @ rows
    return float(found.fun), reduced


def search(demand: Demand, rules: Rules, limits: Search) -> tuple[tuple[Lay, ...], float]:
    """Return the best lays found over the markers that promise most, and a bound on any plan."""
    from scipy.optimize import Bounds

    every = ratios(demand, rules)
    bound, reduced = relaxed(demand, rules, every)
    single = [sum(m) == 1 for m in every]
    order = sorted(range(len(every)), key=lambda k: (not single[k], reduced[k], k))
    markers = tuple(every[k] for k in order[: max(_KEPT, sum(single))])
    programme = Programme(demand, rules, markers)
    count = len(markers)
    cap = demand.cap(rules)
    lays = np.ceil(cap / programme.plies / np.maximum(programme.ratio.sum(axis=0), 1))
    found = solve_whole(
        programme.cost,
        programme.constraints(),
        Bounds(0, np.concatenate([programme.plies * lays, lays])),
        np.ones(2 * count),
        gap=limits.gap, nodes=limits.nodes, wall_s=limits.wall_s,
    )  # fmt: skip
    if len(markers) == len(every) and found.mip_dual_bound is not None:
        bound = max(bound, float(found.mip_dual_bound))
    if found.x is None:
        return (), bound
    return _lays(programme, np.rint(found.x)), bound


def _lays(programme: Programme, x: Any) -> tuple[Lay, ...]:
    """Return the lays of a solution: plies of a marker spread evenly over its lays."""
    lays = []
    for k, marker in enumerate(programme.markers):
        plies = int(x[k])
        if not plies:
            continue
        count = -(-plies // int(programme.plies[k]))
        lays += [Lay(marker, plies // count + (i < plies % count)) for i in range(count)]
    return tuple(sorted(lays, key=lambda lay: (-lay.plies * lay.garments, lay.ratio)))
