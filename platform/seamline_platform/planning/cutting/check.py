"""An independent check of a cut plan: everything is counted again, ply by ply."""

from collections import Counter
from collections.abc import Sequence

from seamline_platform.planning.cutting.demand import CutOrder
from seamline_platform.planning.cutting.lays import CutPlan, Share


def check_cut(
    plan: CutPlan, orders: Sequence[CutOrder] = (), got: Sequence[Share] = ()
) -> list[str]:
    """Return what is wrong, one sentence each; an empty list if it can be cut like that.

    With `orders` it is also checked that their shares `got` give each what it has ordered.
    """
    wrong: list[str] = []
    rules, demand = plan.rules, plan.demand
    cut: Counter[str] = Counter()
    fabric = 0.0
    for number, lay in enumerate(plan.lays, start=1):
        who = f"Lay {number}"
        if len(lay.ratio) != len(demand.sizes) or min(lay.ratio) < 0 or not any(lay.ratio):
            wrong.append(f"{who} has the ratio {lay.ratio} for sizes {demand.sizes}.")
            continue
        if sum(lay.ratio) > rules.max_garments:
            wrong.append(f"{who} has {sum(lay.ratio)} garments; {rules.max_garments} are allowed.")
        if not 1 <= lay.plies <= rules.max_plies:
            wrong.append(f"{who} has {lay.plies} plies; 1 to {rules.max_plies} are allowed.")
        length = 0.0
        for size, a, cm in zip(demand.sizes, lay.ratio, demand.length_cm, strict=True):
            cut[size] += a * lay.plies
            length += a * cm
        if length > rules.table_cm + 1e-6:
            wrong.append(f"{who} is {length:.1f} cm long; the table has {rules.table_cm:g} cm.")
        fabric += lay.plies * (length + rules.end_loss_cm)
    wrong += _amounts(plan, cut)
    if abs(fabric - plan.fabric_cm) > 1e-6 * max(fabric, 1):
        wrong.append(f"The cloth is {fabric:.1f} cm, not {plan.fabric_cm:.1f}.")
    cost = fabric + len(plan.lays) * rules.lay_cost_cm
    if plan.bound_cm > cost * (1 + 1e-6):
        wrong.append(f"The bound {plan.bound_cm:.1f} is above the cost {cost:.1f}.")
    return wrong + (_orders(plan, orders, got) if orders else [])


def _amounts(plan: CutPlan, cut: Counter[str]) -> list[str]:
    wrong = []
    caps = plan.demand.caps(plan.rules)
    for size, need, cap in zip(plan.demand.sizes, plan.demand.pieces, caps, strict=True):
        if not need <= cut[size] <= cap:
            wrong.append(f"{cut[size]} of size {size} are cut; {need} to {cap} are allowed.")
    if sum(cut.values()) > plan.demand.cap(plan.rules):
        wrong.append(
            f"{sum(cut.values())} pieces are cut; {plan.demand.cap(plan.rules)} are allowed."
        )
    return wrong


def _orders(plan: CutPlan, orders: Sequence[CutOrder], got: Sequence[Share]) -> list[str]:
    wrong = []
    given: Counter[tuple[str, str]] = Counter()
    taken: Counter[tuple[int, str]] = Counter()
    for share in got:
        given[share.order, share.size] += share.pieces
        taken[share.lay, share.size] += share.pieces
    for order in orders:
        for size, need in order.sizes.items():
            if given[order.order, size] != need:
                wrong.append(
                    f"Order {order.order} gets {given[order.order, size]} of size {size}; "
                    f"it needs {need}."
                )
    for (lay, size), pieces in taken.items():
        there = plan.lays[lay].plies * plan.lays[lay].ratio[plan.demand.sizes.index(size)]
        if pieces > there:
            wrong.append(f"Lay {lay + 1} gives {pieces} of size {size}; it has {there}.")
    return wrong
