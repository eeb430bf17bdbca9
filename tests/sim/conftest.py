"""Small worlds: the built-in `pi`, and an ideal line that can be worked out by hand."""

from collections.abc import Callable, Mapping

import pytest

from seamline_broker.contracts.commands import check_args
from seamline_sim import CommandOutcome, Scenario, World, load_scenario, warehouse
from seamline_sim.core import MINUTE_US
from seamline_sim.scenario import parse_scenario

IDEAL = {
    "operators.time_spread_permille": 0,
    "operators.skill_spread_permille": 0,
    "operators.absence_permille": 0,
    "machines.hard_mtbf_h": 10_000_000,
    "machines.small_mtbf_h": 10_000_000,
    "quality.defects_per_100": 0,
    "style_change.experience_start_mdays": 40_000,
    "market.backlog_days": 0,
}
"""Calibration of a line without chance: standard pace, nobody away, nothing breaks."""


@pytest.fixture(scope="session")
def pi() -> Scenario:
    return load_scenario("pi")


@pytest.fixture(scope="session")
def demo() -> Scenario:
    return load_scenario("demo")


@pytest.fixture(scope="session")
def with_figures(pi: Scenario) -> Callable[..., Scenario]:
    """Return `pi` with figures of the calibration changed, and parts of its text replaced."""

    def change(figures: Mapping[str, object], replace: Mapping[str, str] | None = None) -> Scenario:
        text = pi.document
        for old, new in (replace or {}).items():
            assert old in text
            text = text.replace(old, new)
        lines = [f'"{key}" = {value}' for key, value in figures.items()]
        return parse_scenario(text + "\n[calibration]\n" + "\n".join(lines) + "\n", "changed")

    return change


@pytest.fixture(scope="session")
def ideal(with_figures: Callable[..., Scenario]) -> Scenario:
    """A plant without chance whose customers and sellers want nothing."""
    return with_figures(
        IDEAL | {"warehouse.cover_days": 10_000_000},
        {
            "consumer_share_permille = 470": "consumer_share_permille = 0",
            "seller_share_permille = 380": "seller_share_permille = 0",
        },
    )


Kit = Callable[..., CommandOutcome]


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Command a kit through the door; sizes as {size: pieces}."""

    def give(world: World, order: str, style: str, colour: str, sizes: dict[str, int],
             line: str = "hangzhou/line-1", **more: object) -> CommandOutcome:  # fmt: skip
        site, _, name = line.partition("/")
        args = {
            "order": order, "order_kind": "seller", "style": style, "colour": colour,
            "sizes": sizes, "region": "east", "site": site, "line": name,
            "due_ms": world.now_ms + 5 * 86_400_000, **more,
        }  # fmt: skip
        return world.command(
            f"{world.line_of[line].region}/warehouse", "kit", check_args("kit", args), f"c-{order}"
        )

    return give


@pytest.fixture(scope="session")
def at() -> Callable[..., int]:
    """Return plant time in microseconds of a day, hour and minute of the run."""

    def when(day: int, hour: int = 0, minute: int = 0) -> int:
        return ((day * 24 + hour) * 60 + minute) * MINUTE_US

    return when


@pytest.fixture(scope="session")
def quiet(demo: Scenario) -> Callable[..., Scenario]:
    """Return `demo` without customers, where cloth comes by command alone; figures may change."""

    def change(figures: Mapping[str, object]) -> Scenario:
        text = demo.document
        for share in ("consumer_share_permille = 530", "seller_share_permille = 430"):
            assert share in text
            text = text.replace(share, share.partition("=")[0] + "= 0")
        mine = {
            "supply.auto_reorder": 0, "supply.greige_days": 30_000,
            "market.backlog_days": 0, "warehouse.opening_days": [0, 1],
        }  # fmt: skip
        lines = [f'"{key}" = {value}' for key, value in (mine | dict(figures)).items()]
        return parse_scenario(text + "\n[calibration]\n" + "\n".join(lines) + "\n", "quiet")

    return change


@pytest.fixture(scope="session")
def check_balance() -> Callable[[World], None]:
    """Check that every warehouse, and all together, have every centimetre that came."""

    def check(world: World) -> None:
        for region, m in warehouse.meters_by_region(world).items():
            came = m.received_cm + m.moved_in_cm
            assert came == m.garments_cm + m.waste_cm + m.stock_cm + m.moved_out_cm, region
            assert min(getattr(m, name) for name in m.__dataclass_fields__) >= 0
        m = warehouse.meters(world)
        assert m.received_cm == m.garments_cm + m.waste_cm + m.stock_cm
        assert m.moved_in_cm == m.moved_out_cm

    return check
