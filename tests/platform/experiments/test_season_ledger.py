"""Money and KPIs of a season, against a calculation by hand."""

from dataclasses import replace

import pytest

from seamline_platform.experiments.season import INPUTS, KPI_NAMES
from seamline_platform.experiments.season.abilities import Abilities
from seamline_platform.experiments.season.ledger import (
    Flow,
    SellerSums,
    accounts,
    bullwhip,
    kpis,
    profit_fen,
    spent_fen,
    value_fen,
)
from seamline_platform.experiments.season.reading import Reading

HOUR_MS = 3_600_000
COST = {
    "wage_fen_per_h": 3000, "roll_fen_per_m": 1500, "greige_fen_per_m": 1000, "dye_fen_per_m": 400,
    "quick_fen_per_m": 2000, "energy_fen_per_kwh": 80, "steam_fen_per_kg": 20,
    "kit_trip_fen": 5000, "far_trip_fen": 20000, "move_fen_per_piece": 100, "lay_fen": 4000,
    "selling_permille": 300, "return_fen": 900, "holding_permille_per_year": 365,
    "maintenance_fen": 8000, "repair_fen": 15000, "late_permille": 100, "salvage_permille": 250,
    "stock_permille": 900, "cloth_permille": 700, "greige_permille": 900,
    "sensor_fen_per_station_month": 1500, "platform_fen_per_line_month": 100000,
    "market_data_fen_per_month": 600000, "hanger_fen_per_station_month": 5000, "join_fen": 500000,
    "pay_days": 30, "collect_days": 15,
}  # fmt: skip
BEGIN = Reading(
    day=10, wanted=50, sold=40, revenue_fen=100_000, stock_live=100, stock_live_fen=200_000
)
END = Reading(
    day=20, wanted=1050, sold=840, returned=10, revenue_fen=5_100_000, stock_live=50,
    stock_live_fen=100_000, stock_dead=45, stock_dead_fen=90_000, made=800, earned_ms=60 * HOUR_MS,
    line_labour_ms=100 * HOUR_MS, labour_ms=120 * HOUR_MS, running_ms=70 * HOUR_MS,
    planned_ms=80 * HOUR_MS, inspected=800, defects=32, scrapped=8, energy_wh=240_000,
    steam_g=100_000, co2_g=160_000, repairs=2, maintenance=3, wip_area_ms=10 * 86_400_000 * 60,
    wip_fen=50_000, roll_cm=100_000, quick_cm=20_000, greige_cm=30_000, dyed_cm=10_000,
    net_cm=80_000, waste_cm=20_000, cloth_cm=40_000, cloth_greige_cm=20_000, lays=5, near_trips=4,
    far_trips=2, moved=30, line_days=60, station_days=1260, joins=1,
)  # fmt: skip
FLOW = Flow(
    stock=[100] * 10, stock_fen=[1_000_000] * 10, weekly_orders=[0, 200], weekly_demand=[50, 150],
    lead_ms=800 * 12 * 86_400_000, lead_pieces=800, sellers=SellerSums(4, 3, 900_000, 200_000),
    delivered={"tshirt": 700, "polo": 100},
)  # fmt: skip
BARE = Abilities(hangers=False)


def test_every_cost_by_hand():
    spent = spent_fen(END.since(BEGIN), FLOW, BARE, COST)
    assert spent == {
        "cloth": 1000 * 1500 + 200 * 2000 + 300 * 1000 + 100 * 400,
        "labour": 120 * 3000,
        "energy": 240 * 80 + 100 * 20,
        "transport": 4 * 5000 + 2 * 20000 + 30 * 100,
        "cutting": 5 * 4000,
        "upkeep": 2 * 15000 + 3 * 8000,
        "selling": 1_500_000,
        "returns": 9000,
        "holding": 10 * 1000,  # 1,000,000 fen for 10 days at 36.5 % a year
        "late": 20_000,
        "ict": 500_000,
        "data": 0,
    }


def test_stock_is_worth_what_was_said_at_both_ends():
    assert value_fen(BEGIN, COST) == 180_000
    expected = 90_000 + 22_500 + 45_000 + 400 * 1500 * 0.7 + 200 * 1000 * 0.9
    assert value_fen(END, COST) == expected


def test_profit_is_revenue_less_cost_plus_what_the_house_gained():
    spent = sum(spent_fen(END.since(BEGIN), FLOW, BARE, COST).values())
    gained = value_fen(END, COST) - 180_000
    assert profit_fen(BEGIN, END, FLOW, BARE, COST) == 5_000_000 + 900_000 + gained - spent


def test_links_that_cost_something_are_charged():
    def ict(able: Abilities) -> int:
        return spent_fen(END.since(BEGIN), FLOW, able, COST)["ict"] - 500_000

    months = 1260 / 30.4375
    assert ict(replace(BARE, sensors=True)) == round(1500 * months)
    assert ict(replace(BARE, platform=True)) == round(100_000 * 60 / 30.4375)
    assert ict(replace(BARE, hangers=True)) == round(5000 * months)
    data = spent_fen(END.since(BEGIN), FLOW, replace(BARE, market_daily=True), COST)["data"]
    assert data == round(600_000 * 10 / 30.4375)


def test_kpis_by_hand():
    found = kpis(BEGIN, END, FLOW, BARE, COST)
    assert set(found) == set(KPI_NAMES)
    assert found["fill_rate"] == 0.8
    assert found["on_time_delivery"] == 0.75
    assert found["lead_time_d"] == 12
    assert found["stock_days"] == 100 / 80
    assert found["leftover_share"] == 45 / 900
    assert found["wip_pieces"] == 60
    assert found["line_efficiency"] == 0.6
    assert found["oee"] == pytest.approx(60 / 80)
    assert found["dhu"] == 4
    assert found["energy_kwh_per_piece"] == 0.3
    assert found["co2_kg_per_piece"] == 0.2
    assert found["cloth_use"] == 0.8
    assert found["bullwhip"] == pytest.approx((10_000 / 100) / (2_500 / 100))
    goods = 2_240_000 + 360_000 + 21_200 + 20_000
    assert found["cash_to_cash_d"] == pytest.approx(1_000_000 / (goods / 10) + 15 - 30)
    assert found["revenue_k"] == 59


def test_a_bullwhip_without_variance_is_none():
    assert bullwhip([5, 5, 5], [5, 5, 5]) == 0.0
    assert bullwhip([], []) == 0.0


def test_accounts_hold_quantities_and_prices_of_every_input():
    books = accounts(BEGIN, END, FLOW, BARE, COST, {"tshirt": 60.0, "polo": 100.0})
    assert books.outputs == {"tshirt": (700.0, 60.0), "polo": (100.0, 100.0)}
    assert tuple(books.inputs) == INPUTS
    assert books.inputs["labour_h"] == (120.0, 30.0)
    quantity, price = books.inputs["cloth_m"]
    assert quantity * price == pytest.approx(22_400)
    assert books.inputs["data_capital"] == (0.0, 1.0)
