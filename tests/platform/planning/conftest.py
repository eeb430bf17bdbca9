"""A small maker: three regions, four plants, twelve lines; Monday 2026-03-02 08:00 is the start."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seamline_broker.contracts.catalogue import Catalogue, LineInfo, Operation, Style
from seamline_broker.contracts.view import LineView, OrderView, View

HOUR = 3_600_000
DAY = 24 * HOUR
MONDAY_8 = int(datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp() * 1000)

BULLETINS = {
    "tee": tuple(Operation(f"t{i}", f"T {i}", (), "SNL", 25_000) for i in range(12)),
    "polo": tuple(Operation(f"p{i}", f"P {i}", (), "SNL", 50_000) for i in range(12)),
}
STYLES = {
    name: Style(
        name, name, name, "knit", bulletin, ("BLK", "WHT"), ("S", "M", "L"), 9_900, "jersey", 120
    )
    for name, bulletin in (("TS01", "tee"), ("TS02", "tee"), ("PO01", "polo"))
}
PLANTS = {
    "hangzhou": ("east", 120),
    "suzhou": ("east", 115),
    "dongguan": ("south", 110),
    "chengdu": ("west", 85),
}


def catalogue_of(plants: Mapping[str, tuple[str, int]] = PLANTS, lines: int = 3) -> Catalogue:
    return Catalogue(
        styles=STYLES,
        bulletins=BULLETINS,
        lines=tuple(
            LineInfo(site, f"line-{i + 1}", region, 21, 20, 8 * 60, 18 * 60, cost)
            for site, (region, cost) in plants.items()
            for i in range(lines)
        ),
        regions=("east", "south", "west"),
        setup_min={"same_style": 5, "same_bulletin": 20, "other": 60},
        transport_min={"same_region": 60, "other_region": 1_440},
        moq_pieces=100,
        workdays=(0, 1, 2, 3, 4, 5),
    )


def order_of(name: str, **changes: object) -> OrderView:
    base = OrderView(
        order=name,
        kind="seller",
        seller="seller-1",
        style="TS01",
        colour="BLK",
        sizes={"S": 40, "M": 40, "L": 40},
        region="east",
        placed_ms=MONDAY_8,
        due_ms=MONDAY_8 + 5 * DAY,
        weight=1,
        state="received",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def view_of(
    orders: list[OrderView],
    catalogue: Catalogue | None = None,
    now_ms: int = MONDAY_8,
    down: Mapping[str, tuple[str, ...]] | None = None,
    **changes: object,
) -> View:
    catalogue = catalogue or catalogue_of()
    lines = {}
    for info in catalogue.lines:
        key = f"{info.site}/{info.line}"
        here = [o for o in orders if f"{o.site}/{o.line}" == key]
        lines[key] = LineView(
            site=info.site,
            line=info.line,
            open=True,
            operators=info.operators,
            style="TS01",
            queue=tuple(o.order for o in here if o.state == "queued"),
            sewing=tuple(o.order for o in here if o.state == "sewing"),
            down=(down or {}).get(key, ()),
            wip=0,
            broken=(down or {}).get(key, ()),
        )
    base = View(now_ms, catalogue, lines, {o.order: o for o in orders}, {})
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def make_order() -> Callable[..., OrderView]:
    return order_of


@pytest.fixture
def make_view() -> Callable[..., View]:
    return view_of


@pytest.fixture
def make_catalogue() -> Callable[..., Catalogue]:
    return catalogue_of
