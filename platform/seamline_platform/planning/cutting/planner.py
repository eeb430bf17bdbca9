"""Cut plans: orders of one cloth together, against each order on a lay of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from seamline_broker.errors import SeamlineError
from seamline_platform.planning.cutting.check import check_cut
from seamline_platform.planning.cutting.demand import CutOrder, Demand, Rules, demand_of, together
from seamline_platform.planning.cutting.lays import CutPlan, Lay, Share, shares
from seamline_platform.planning.cutting.ratios import Search, ratios, search
from seamline_platform.planning.shop.annealing import Timer

Progress = Callable[[float, str], None]


class CutError(SeamlineError):
    """A cut plan that the independent check refuses: an error of ours, never shown as a plan."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to search, the same on every machine: over markers (HiGHS), then by CP-SAT.

    `ticks` is deterministic time; 0, or no ortools, leaves CP-SAT out.
    """

    search: Search = field(default_factory=Search)
    ticks: float = 1.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class ClothPlan:
    """The lays of one style and colour, what each order gets, and the plain way for comparison."""

    style: str
    colour: str
    orders: tuple[CutOrder, ...]
    plan: CutPlan
    shares: tuple[Share, ...]
    one_lay_cm: float
    """Cloth if each order were cut alone from one marker (more plies or lays of it, as needed)."""
    one_lay_lays: int
    apart_cm: float
    """Cloth if each order were cut alone, but planned with the same care."""
    apart_lays: int

    @property
    def saved_cm(self) -> float:
        """Return the cloth saved against one order, one lay."""
        return self.one_lay_cm - self.plan.fabric_cm


def plan_cut(
    orders: Sequence[CutOrder],
    lengths_cm: Mapping[str, Mapping[str, float]],
    rules: Rules,
    cpu: Timer,
    effort: Effort | None = None,
    progress: Progress = lambda share, what: None,
) -> tuple[ClothPlan, ...]:
    """Return a checked cut plan for each style and colour.

    `lengths_cm` holds by style (or under an empty name, for all) the cloth of a garment by size.

    Raises:
        ConfigError: if a length is missing or a garment does not fit the table.
        CutError: if the independent check refuses a plan.
    """
    groups = together(orders)
    plans = []
    for number, ((style, colour), members) in enumerate(groups.items()):
        progress(number / len(groups), f"{style} {colour}".strip())
        demand = demand_of(members, lengths_cm.get(style, lengths_cm.get("", {})))
        plan = plan_demand(demand, rules, cpu, effort)
        given = shares(plan, members)
        wrong = check_cut(plan, members, given)
        if wrong:
            raise CutError(f"The cut plan was refused: {wrong[0]} ({len(wrong)} in all)")
        single = [_only(demand, order) for order in members]
        plain = [one_lay(alone, rules) for alone in single]
        apart = [
            plan if len(members) == 1 else plan_demand(alone, rules, cpu, effort)
            for alone in single
        ]
        plans.append(
            ClothPlan(
                style, colour, members, plan, given,
                sum(cm for cm, _ in plain), sum(n for _, n in plain),
                sum(p.fabric_cm for p in apart), sum(len(p.lays) for p in apart),
            )
        )  # fmt: skip
    progress(1.0, "")
    return tuple(plans)


def plan_demand(demand: Demand, rules: Rules, cpu: Timer, effort: Effort | None = None) -> CutPlan:
    """Return the best lays found for a demand, with a bound on every plan."""
    effort = effort or Effort()
    begun = cpu()
    lays, bound = search(demand, rules, effort.search)
    plain = one_by_one(demand, rules)
    method = "markers"
    best = CutPlan(demand, rules, lays or plain, bound, method)
    if lays and CutPlan(demand, rules, plain, bound, "one by one").cost_cm < best.cost_cm:
        best = replace(best, lays=plain)
    if effort.ticks and find_spec("ortools") is not None:
        from seamline_platform.planning.cutting.products import improve

        better = replace(
            best, lays=improve(demand, rules, best.lays, effort.ticks, effort.seed),
            method="markers + CP-SAT",
        )  # fmt: skip
        if better.cost_cm <= best.cost_cm:
            best = better
    return replace(best, cpu_s=cpu() - begun)


def one_by_one(demand: Demand, rules: Rules) -> tuple[Lay, ...]:
    """Return lays with one size each, as many garments side by side as leave no extra piece.

    It needs no solver and always keeps the limit of overcut: the plan that is always there.
    """
    lays = []
    for s, need in enumerate(demand.pieces):
        wide = min(rules.max_garments, int(rules.table_cm // demand.length_cm[s]), need)
        while need:
            wide = min(wide, need)
            plies = min(need // wide, rules.max_plies)
            ratio = tuple(wide if k == s else 0 for k in range(len(demand.sizes)))
            lays.append(Lay(ratio, plies))
            need -= wide * plies
    return tuple(lays)


def one_lay(demand: Demand, rules: Rules) -> tuple[float, int]:
    """Return cloth and lays if a demand is cut from one marker, whatever pieces are too many.

    The marker and its plies are those that take the least cloth and lays, without a limit on
    overcut: what a room does that spreads each order as it comes.
    """
    free = replace(rules, overcut=1.0)
    best = (float("inf"), 0.0, 0)
    for ratio in ratios(demand, free):
        if not all(ratio):
            continue
        plies = max(-(-need // a) for need, a in zip(demand.pieces, ratio, strict=True))
        count = -(-plies // rules.max_plies)
        length = sum(a * x for a, x in zip(ratio, demand.length_cm, strict=True))
        fabric = plies * (length + rules.end_loss_cm)
        best = min(best, (fabric + count * rules.lay_cost_cm, fabric, count))
    if best[2]:
        return best[1], best[2]
    # more sizes than a marker holds garments: a lay for each size
    lays = one_by_one(demand, rules)
    plain = CutPlan(demand, rules, lays, 0.0, "one by one")
    return plain.fabric_cm, len(lays)


def _only(demand: Demand, order: CutOrder) -> Demand:
    length = dict(zip(demand.sizes, demand.length_cm, strict=True))
    return demand_of([order], length)
