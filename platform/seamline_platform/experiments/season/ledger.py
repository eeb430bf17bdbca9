"""The ledger: meters in, money and KPIs out. Pure; every formula is written where it is used.

All sums run from the end of the warm-up to the end of the season. Stock, cloth and work in process
are valued by the same rule at both ends, so that nobody gains by filling or emptying the house.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

from seamline_platform.experiments.season.abilities import Abilities
from seamline_platform.experiments.season.contract import Accounts
from seamline_platform.experiments.season.reading import Reading

_FEN = 100.0
_HOUR_MS = 3_600_000
_MONTH_DAYS = 30.4375
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class SellerSums:
    """What became of sellers' orders whose date lies within the counted days."""

    due: int = 0
    """Orders whose date has come."""
    on_time: int = 0
    revenue_fen: int = 0
    """Of all that was delivered."""
    late_fen: int = 0
    """Value of orders that were late, or are."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What only the course of a run tells: series and sums of its counted days."""

    stock: Sequence[int]
    """Pieces in the shops each midnight."""
    stock_fen: Sequence[int]
    """Cost value of finished goods, work in process and cloth each midnight."""
    weekly_orders: Sequence[int]
    """Pieces that the planner ordered for the shops, by week."""
    weekly_demand: Sequence[int]
    lead_ms: int
    """Decision to delivery, times pieces, added."""
    lead_pieces: int
    sellers: SellerSums
    delivered: Mapping[str, int]
    """Good garments delivered, by category."""


def cloth_fen(r: Reading, cost: Mapping[str, int]) -> int:
    """Return what was paid for cloth."""
    return (
        r.roll_cm * cost["roll_fen_per_m"]
        + r.greige_cm * cost["greige_fen_per_m"]
        + r.quick_cm * cost["quick_fen_per_m"]
        + r.dyed_cm * cost["dye_fen_per_m"]
    ) // 100


def value_fen(r: Reading, cost: Mapping[str, int]) -> int:
    """Return what stock, work in process and cloth are worth, at the stated salvage."""
    goods = r.stock_live_fen * cost["stock_permille"] + r.stock_dead_fen * cost["salvage_permille"]
    goods += r.wip_fen * cost["stock_permille"]
    cloth = r.cloth_cm * cost["roll_fen_per_m"] * cost["cloth_permille"]
    greige = r.cloth_greige_cm * cost["greige_fen_per_m"] * cost["greige_permille"]
    return goods // 1000 + (cloth + greige) // 100_000


def ict_fen(r: Reading, able: Abilities, cost: Mapping[str, int]) -> int:
    """Return what sensors, platform and hangers cost; lines that have not joined cost nothing."""
    fen = 0.0
    if able.sensors:
        fen += cost["sensor_fen_per_station_month"] * r.station_days
    if able.platform:
        fen += cost["platform_fen_per_line_month"] * r.line_days
    if able.hangers:
        fen += cost["hanger_fen_per_station_month"] * r.station_days
    return round(fen / _MONTH_DAYS) + r.joins * cost["join_fen"]


def data_fen(r: Reading, able: Abilities, cost: Mapping[str, int]) -> int:
    """Return what data of the market cost: the user cost of data capital."""
    if not able.market_daily:
        return 0
    return round(cost["market_data_fen_per_month"] * r.day / _MONTH_DAYS)


def spent_fen(r: Reading, flow: Flow, able: Abilities, cost: Mapping[str, int]) -> dict[str, int]:
    """Return every kind of cost, in fen."""
    held = sum(flow.stock_fen) * cost["holding_permille_per_year"] // (365 * 1000)
    revenue = r.revenue_fen
    return {
        "cloth": cloth_fen(r, cost),
        "labour": r.labour_ms * cost["wage_fen_per_h"] // _HOUR_MS,
        "energy": r.energy_wh * cost["energy_fen_per_kwh"] // 1000
        + r.steam_g * cost["steam_fen_per_kg"] // 1000,
        "transport": r.near_trips * cost["kit_trip_fen"]
        + r.far_trips * cost["far_trip_fen"]
        + r.moved * cost["move_fen_per_piece"],
        "cutting": r.lays * cost["lay_fen"],
        "upkeep": r.repairs * cost["repair_fen"] + r.maintenance * cost["maintenance_fen"],
        "selling": revenue * cost["selling_permille"] // 1000,
        "returns": r.returned * cost["return_fen"],
        "holding": held,
        "late": flow.sellers.late_fen * cost["late_permille"] // 1000,
        "ict": ict_fen(r, able, cost),
        "data": data_fen(r, able, cost),
    }


def profit_fen(
    begin: Reading, end: Reading, flow: Flow, able: Abilities, cost: Mapping[str, int]
) -> int:
    """Return revenue less cost, plus the change of what the house is worth."""
    r = end.since(begin)
    earned = r.revenue_fen + flow.sellers.revenue_fen
    gained = value_fen(end, cost) - value_fen(begin, cost)
    return earned + gained - sum(spent_fen(r, flow, able, cost).values())


def bullwhip(orders: Sequence[int], demand: Sequence[int]) -> float:
    """Return [Var(orders)/mean] / [Var(demand)/mean] of weekly sums; 0 where one is undefined."""
    if len(orders) < 2 or not sum(orders) or not sum(demand) or not pvariance(demand):
        return 0.0
    return (pvariance(orders) / fmean(orders)) / (pvariance(demand) / fmean(demand))


def oee(r: Reading) -> float:
    """Return availability x effectiveness x quality (ISO 22400-2).

    A = APT/PBT (stations at work / manned stations in shifts with an order), E = PRI x PQ/APT
    (standard time of the pieces / time at work), Q = GQ/PQ (good / good and scrapped). The meters
    give PRI x GQ, so that E x Q is standard time of the good pieces over time at work.
    """
    if not r.planned_ms or not r.running_ms:
        return 0.0
    return r.running_ms / r.planned_ms * (r.earned_ms / r.running_ms)


def _ratio(a: float, b: float) -> float:
    return a / b if b else 0.0


def kpis(
    begin: Reading, end: Reading, flow: Flow, able: Abilities, cost: Mapping[str, int]
) -> dict[str, float]:
    """Return all KPIs of `contract.KPI_NAMES`."""
    r = end.since(begin)
    days = max(r.day, 1)
    revenue = r.revenue_fen + flow.sellers.revenue_fen
    spent = spent_fen(r, flow, able, cost)
    goods_cost = spent["cloth"] + spent["labour"] + spent["energy"] + spent["cutting"]
    stock_days = _ratio(fmean(flow.stock) if flow.stock else 0.0, r.sold / days)
    value = fmean(flow.stock_fen) if flow.stock_fen else 0.0
    dio = _ratio(value, goods_cost / days)
    return {
        "profit_k": profit_fen(begin, end, flow, able, cost) / _FEN / 1000,
        "revenue_k": revenue / _FEN / 1000,
        "fill_rate": _ratio(r.sold, r.wanted),
        "on_time_delivery": _ratio(flow.sellers.on_time, flow.sellers.due),
        "lead_time_d": _ratio(flow.lead_ms, flow.lead_pieces) / _DAY_MS,
        "stock_days": stock_days,
        "leftover_share": _ratio(end.stock_dead, r.made + begin.stock_live + begin.stock_dead),
        "wip_pieces": r.wip_area_ms / (days * _DAY_MS),
        "line_efficiency": _ratio(r.earned_ms, r.line_labour_ms),
        "oee": oee(r),
        "dhu": _ratio(100 * r.defects, r.inspected),
        "energy_kwh_per_piece": _ratio(r.energy_wh / 1000, r.made),
        "co2_kg_per_piece": _ratio(r.co2_g / 1000, r.made),
        "cloth_use": _ratio(r.net_cm, r.net_cm + r.waste_cm),
        "bullwhip": bullwhip(flow.weekly_orders, flow.weekly_demand),
        "cash_to_cash_d": dio + cost["collect_days"] - cost["pay_days"],
    }


def accounts(
    begin: Reading,
    end: Reading,
    flow: Flow,
    able: Abilities,
    cost: Mapping[str, int],
    base_price: Mapping[str, float],
) -> Accounts:
    """Return outputs and inputs, in quantities and yuan; capital at user cost, price 1."""
    r = end.since(begin)
    bought_cm = r.roll_cm + r.greige_cm + r.quick_cm
    bought_m = bought_cm / 100
    paid = cloth_fen(r, cost)
    return Accounts(
        outputs={name: (float(n), base_price[name]) for name, n in sorted(flow.delivered.items())},
        inputs={
            "labour_h": (r.labour_ms / _HOUR_MS, cost["wage_fen_per_h"] / _FEN),
            "machine_h": (
                r.running_ms / _HOUR_MS,
                cost["hanger_fen_per_station_month"] / 208 / _FEN,
            ),
            "cloth_m": (bought_m, _ratio(paid / _FEN, bought_m)),
            "energy_kwh": (r.energy_wh / 1000, cost["energy_fen_per_kwh"] / _FEN),
            "ict_capital": (ict_fen(r, able, cost) / _FEN, 1.0),
            "data_capital": (data_fen(r, able, cost) / _FEN, 1.0),
        },
    )
