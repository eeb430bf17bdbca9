"""Reads a world's meters into one `Reading`: the only place that knows their names."""

from seamline_platform.experiments.season.plan import SeasonPlan
from seamline_platform.experiments.season.reading import Reading
from seamline_sim import cloth_meters, observe, shop
from seamline_sim.world import World


def read(world: World, plan: SeasonPlan, day: int, opened: "LineDays") -> Reading:
    """Return what all meters show now."""
    shops, plants = shop.meters(world), observe.meters(world).all
    cloth = cloth_meters.meters(world)
    live, live_fen, dead, dead_fen = _stock(world, plan, day)
    return Reading(
        day=day,
        wanted=shops.wanted,
        sold=shops.sold,
        returned=shops.returned,
        revenue_fen=shops.revenue_fen - shops.refund_fen,
        stock_live=live,
        stock_live_fen=live_fen,
        stock_dead=dead,
        stock_dead_fen=dead_fen,
        made=plants.good,
        earned_ms=plants.smv_good_ms,
        line_labour_ms=plants.labour_ms,
        labour_ms=plants.labour_ms + plants.finishing_labour_ms + plants.mechanic_ms,
        running_ms=plants.running_ms,
        planned_ms=plants.planned_ms,
        inspected=plants.inspected,
        defects=plants.defects,
        scrapped=plants.scrap,
        energy_wh=sum(n for kind, n in plants.energy_wh.items() if kind != "steam"),
        steam_g=plants.steam_g,
        co2_g=plants.co2_g,
        repairs=plants.repairs,
        maintenance=plants.maintenance,
        wip=sum(line.wip for line in world.lines),
        wip_area_ms=plants.wip_area_ms,
        wip_fen=_wip_fen(world, plan),
        roll_cm=cloth.roll_cm,
        greige_cm=cloth.greige_cm,
        quick_cm=cloth.quick_cm,
        dyed_cm=cloth.dyed_cm,
        net_cm=cloth.garments_cm + cloth.stock_cutting_cm + cloth.stock_cut_cm,
        waste_cm=cloth.waste_cm,
        cloth_cm=cloth.stock_rolls_cm + cloth.stock_road_cm + cloth.stock_dyeing_cm,
        cloth_greige_cm=cloth.stock_greige_cm,
        lays=cloth.lays,
        near_trips=cloth.kit_trips + cloth.kit_express_trips + cloth.goods_trips,
        far_trips=cloth.kit_far_trips + cloth.goods_far_trips + cloth.cloth_trips,
        moved=opened.moved,
        line_days=opened.line_days,
        station_days=opened.station_days,
        joins=opened.joins,
    )


class LineDays:
    """Counts lines that are joined, day by day, and garments moved between regions."""

    def __init__(self) -> None:
        self.line_days = self.station_days = self.joins = self.moved = 0

    def midnight(self, world: World) -> None:
        """Count a day."""
        for line in world.lines:
            if line.joined:
                self.line_days += 1
                self.station_days += len(line.stations)


def _stock(world: World, plan: SeasonPlan, day: int) -> tuple[int, int, int, int]:
    live = live_fen = dead = dead_fen = 0
    for i, style in enumerate(plan.styles):
        pieces = 0
        for house in world.warehouses.values():
            stock, coming = house.stock, house.coming
            for sku in plan.skus[i]:
                pieces += stock.get(sku, 0) + coming.get(sku, 0)
        if day < style.end:
            live += pieces
            live_fen += pieces * style.cost_fen
        else:
            dead += pieces
            dead_fen += pieces * style.cost_fen
    return live, live_fen, dead, dead_fen


_IN_WORK = frozenset({"in_transit", "queued", "sewing", "sewn", "packed"})


def _wip_fen(world: World, plan: SeasonPlan) -> int:
    """Return the value of orders that are cut and not delivered: three quarters of their cost."""
    cost = {style.style: style.cost_fen for style in plan.styles}
    total = 0
    for order in world.orders.values():
        if order.state in _IN_WORK:
            total += (order.pieces - order.scrapped) * cost[order.style] * 3 // 4
    return total
