"""The maker as it stands as a network: plants with the hours they have left, orders without a kit.

Days count from today. Work that is bound to a plant (cut, on the way, at a line) fills its first
days; what no line has yet is to be dispatched.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from seamline_broker.contracts.catalogue import Catalogue, LineInfo
from seamline_broker.contracts.view import MOVABLE_STATES, OrderView, View
from seamline_platform.planning.network.problem import PROMISE_DAYS, Demand, Network, Plant, Terms
from seamline_platform.planning.params import DispatchParams

DAY_MS: Final = 86_400_000
HORIZON_DAYS: Final = 21
_FREE: Final = frozenset({"received", "promised"})
_BOUND: Final = MOVABLE_STATES - _FREE | {"sewing"}


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to know a promise for; `days` None: the 7 days of the default."""

    style: str
    pieces: int
    region: str
    days: int | None = None
    weight: int = 1


def network_of_view(
    view: View, params: DispatchParams, now_ms: int, days: int = HORIZON_DAYS
) -> Network:
    """Return the network of a view: plants with free hours, orders that no line has yet."""
    catalogue = view.catalogue
    joined = [x for x in catalogue.lines if _joined(view, x)]
    used: defaultdict[str, float] = defaultdict(float)
    for order in view.orders.values():
        if order.state in _BOUND and order.style in catalogue.styles:
            left = max(order.pieces - order.sewn - order.scrapped, 0)
            used[order.site] += left * _hours(catalogue, order.style)
    plants = tuple(
        _plant(catalogue, params, site, lines, now_ms, days, used[site])
        for site, lines in _by_site(joined).items()
    )
    orders = tuple(
        demand_of(catalogue, order, now_ms)
        for order in view.orders.values()
        if order.state in _FREE and order.style in catalogue.styles
    )
    return Network("live", plants, orders, _terms(catalogue, params))


def network_of_catalogue(
    catalogue: Catalogue, params: DispatchParams, now_ms: int, days: int = HORIZON_DAYS
) -> Network:
    """Return the network of a maker without an order."""
    return network_of_view(View(now_ms, catalogue, {}, {}, {}), params, now_ms, days)


def demand_of(catalogue: Catalogue, order: OrderView, now_ms: int) -> Demand:
    """Return an order as a demand; its due day is the last one that ends before it is due."""
    due = order.due_ms // DAY_MS - now_ms // DAY_MS
    return Demand(
        order.order,
        catalogue.styles[order.style].bulletin,
        max(order.pieces, 1),
        max(order.pieces, 1) * _hours(catalogue, order.style),
        order.region,
        int(due),
        weight=float(max(order.weight, 1)),
    )


def demand_of_ask(catalogue: Catalogue, ask: Ask, name: str = "ask") -> Demand:
    """Return what is asked for as a demand.

    Raises:
        KeyError: if the style is not in the catalogue.
    """
    days = PROMISE_DAYS if ask.days is None else ask.days
    hours = ask.pieces * _hours(catalogue, ask.style)
    bulletin = catalogue.styles[ask.style].bulletin
    return Demand(name, bulletin, ask.pieces, hours, ask.region, days, weight=float(ask.weight))


def _hours(catalogue: Catalogue, style: str) -> float:
    return catalogue.smv_ms(style) / 3_600_000


def _joined(view: View, info: LineInfo) -> bool:
    seen = view.lines.get(f"{info.site}/{info.line}")
    return seen is None or seen.joined


def _by_site(lines: Iterable[LineInfo]) -> Mapping[str, list[LineInfo]]:
    result: dict[str, list[LineInfo]] = {}
    for info in lines:
        result.setdefault(info.site, []).append(info)
    return result


def _plant(
    catalogue: Catalogue,
    params: DispatchParams,
    site: str,
    lines: list[LineInfo],
    now_ms: int,
    days: int,
    bound_hours: float,
) -> Plant:
    hours = sum(x.operators * (x.shift_end_min - x.shift_start_min) / 60 for x in lines)
    weighted = sum(
        x.operators * params.line_efficiency.get(f"{x.site}/{x.line}", params.efficiency)
        for x in lines
    )
    efficiency = weighted / max(sum(x.operators for x in lines), 1)
    capacity = [_open(catalogue, lines, now_ms, day) * hours for day in range(days)]
    left = bound_hours / efficiency
    for day, free in enumerate(capacity):
        taken = min(left, free)
        capacity[day], left = free - taken, left - taken
    price = lines[0].cost_fen_per_smv_min / 100 * 60 * efficiency
    families = sorted({s.bulletin for s in catalogue.styles.values()})
    return Plant(site, lines[0].region, tuple(capacity), dict.fromkeys(families, efficiency), price)


def _open(catalogue: Catalogue, lines: list[LineInfo], now_ms: int, day: int) -> float:
    """Return the share of a day's shift that is still to come."""
    at = datetime.fromtimestamp(now_ms / 1000 + day * 86_400, UTC)
    if at.weekday() not in catalogue.workdays:
        return 0.0
    if day:
        return 1.0
    minute = at.hour * 60 + at.minute
    start, end = lines[0].shift_start_min, lines[0].shift_end_min
    return min(max((end - max(minute, start)) / max(end - start, 1), 0.0), 1.0)


def _terms(catalogue: Catalogue, params: DispatchParams) -> Terms:
    hours = [_hours(catalogue, s) for s in catalogue.styles]
    mean = sum(hours) / len(hours) if hours else 0.1
    pairs = {(a, b) for a in catalogue.regions for b in catalogue.regions}
    way = {p: "same_region" if p[0] == p[1] else "other_region" for p in pairs}
    return Terms(
        late_per_h_day=params.late_fen_per_piece_day / 100 / mean,
        early_per_h_day=0.0,
        wait_per_h_day=params.wait_fen_per_piece_day / 100 / mean,
        outside_per_h=30 * params.late_fen_per_piece_day / 100 / mean,
        transport_per_piece={p: params.transport_fen.get(k, 0) / 100 for p, k in way.items()},
        transport_days={p: round(catalogue.transport_min.get(k, 0) / 1440) for p, k in way.items()},
    )
