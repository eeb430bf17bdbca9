"""Scenario files: which regions, plants, lines and market a world has. Read, checked, explained."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

from seamline_broker.contracts.topics import check_level
from seamline_broker.errors import ConfigError, ContractError

BUILT_IN = ("pi", "demo", "large", "season")
GRIDS = ("nation", "N", "NE", "E", "Central", "NW", "S", "SW")
"""Regions of the Chinese grid whose emission factors are published."""
_FINISHERS_PERMILLE = 140
"""Finishing team against sewing stations where a plant does not say: 8 to 57 (UCI factory)."""
_TOP = {
    "name",
    "title",
    "start",
    "shift",
    "regions",
    "plants",
    "market",
    "calibration",
    "collection",
}


@dataclass(frozen=True, slots=True)
class Region:
    """A region of customers with a warehouse."""

    id: str
    share_permille: int
    cutting_tables: int
    grid: str
    """Region of the electricity grid, whose emission factor counts."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant: its lines all have the same number of stations.

    `joined` of its `lines` are connected at the start; the others are a reserve that can join.
    """

    id: str
    region: str
    lines: int
    stations: int
    mechanics: int
    cost_fen_per_smv_min: int
    joined: int
    finishers: int
    """People who iron and fold."""
    transport: str = "hanger"
    """`hanger`: unit production system, one garment per hanger, to the shortest queue; `bundle`:
    progressive bundles of `bundle_pieces` carried by hand between stations of fixed operations."""
    bundle_pieces: int = 20


@dataclass(frozen=True, slots=True)
class Shift:
    """Working time in minutes after midnight, and the days of the week (0 = Monday)."""

    start_min: int
    end_min: int
    lunch_min: int
    lunch_end_min: int
    workdays: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """A season of styles to be drawn from the seed: how many, and within how many days.

    A fashion style whose life does not fit into the days is left out, never cut short.
    """

    styles: int
    days: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a world is made of besides its seed; `document` is the file itself."""

    name: str
    title: str
    start_ms: int
    shift: Shift
    regions: tuple[Region, ...]
    plants: tuple[Plant, ...]
    consumer_share_permille: int
    seller_share_permille: int
    sellers: tuple[str, ...]
    figures: Mapping[str, int]
    """Calibration by `section.name`; lists as `section.name.0`, `.1`, .."""
    document: str
    collection: CollectionPlan | None = None
    """A drawn collection; without it the fixed styles of `data/styles.toml`."""

    def figure(self, name: str) -> int:
        """Return one figure of the calibration, e.g. `machines.repair_min`."""
        return self.figures[name]

    def need(self, name: str, low: int, high: int | None = None) -> None:
        """Check that a figure lies within limits that the world needs.

        Raises:
            ConfigError: naming scenario, figure, value and what is allowed.
        """
        value = self.figures[name]
        if value < low or (high is not None and value > high):
            most = "" if high is None else f" to {high}"
            raise ConfigError(
                f"Scenario {self.name!r}: calibration.{name!r} is {value}; allowed: from {low}"
                f"{most}."
            )

    def figure_list(self, name: str) -> list[int]:
        """Return a figure that is a list, e.g. `market.weekly_permille`."""
        values: list[int] = []
        while f"{name}.{len(values)}" in self.figures:
            values.append(self.figures[f"{name}.{len(values)}"])
        return values


class _Table:
    """One table of a TOML file, with errors that name file, key, value and what is allowed."""

    def __init__(self, file: str, where: str, data: object, allowed: set[str]) -> None:
        if not isinstance(data, dict):
            raise ConfigError(f"{file}: {where or 'the file'} is not a table.")
        self.file, self.where, self.data = file, where, data
        for key in data:
            if key not in allowed:
                raise ConfigError(
                    f"{file}: {self.at(key)} is unknown; allowed: {', '.join(sorted(allowed))}."
                )

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def fail(self, key: str, allowed: str) -> ConfigError:
        came = repr(self.data[key]) if key in self.data else "missing"
        return ConfigError(f"{self.file}: {self.at(key)} is {came}; allowed: {allowed}.")

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self.data.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.fail(key, f"a whole number from {low} to {high}")
        return value

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or not value:
            raise self.fail(key, "a text")
        return value

    def level(self, key: str) -> str:
        try:
            return check_level(self.text(key), key)
        except ContractError as exc:
            raise self.fail(key, "an id without blanks, '+', '#' or '/'") from exc

    def minutes(self, key: str) -> int:
        value = self.data.get(key)
        hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
        if not (colon and hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
            raise self.fail(key, 'a time of day such as "08:00"')
        total = int(hours) * 60 + int(minutes)
        if total > 24 * 60 or int(minutes) > 59:
            raise self.fail(key, 'a time of day such as "08:00"')
        return total


def _shift(file: str, data: object) -> Shift:
    t = _Table(file, "shift", data, {"start", "end", "lunch", "lunch_min", "workdays"})
    start, end, lunch = t.minutes("start"), t.minutes("end"), t.minutes("lunch")
    if not start < lunch < end:
        raise t.fail("lunch", "a time between start and end of the shift")
    lunch_min = t.whole("lunch_min", 1, end - lunch - 1)
    days = t.data.get("workdays")
    if (
        not isinstance(days, list)
        or not days
        or days != sorted(days)
        or len(set(days)) < len(days)
        or any(type(d) is not int or not 0 <= d <= 6 for d in days)
    ):
        raise t.fail("workdays", "a rising list of days, 0 = Monday to 6 = Sunday")
    return Shift(start, end, lunch, lunch + lunch_min, tuple(days))


def _regions(file: str, data: object) -> tuple[Region, ...]:
    if not isinstance(data, dict) or not data:
        raise ConfigError(f"{file}: regions is {data!r}; allowed: at least one [regions.<id>].")
    regions = []
    for name, value in data.items():
        t = _Table(file, f"regions.{name}", value, {"share_permille", "cutting_tables", "grid"})
        try:
            check_level(name, "region")
        except ContractError as exc:
            raise ConfigError(f"{file}: regions.{name}: {exc}") from exc
        grid = t.data.get("grid", "nation")
        if grid not in GRIDS:
            raise t.fail("grid", ", ".join(GRIDS))
        share, tables = t.whole("share_permille", 1, 1000), t.whole("cutting_tables", 1, 1000)
        regions.append(Region(name, share, tables, grid))
    total = sum(r.share_permille for r in regions)
    if total != 1000:
        raise ConfigError(f"{file}: regions.*.share_permille sum to {total}; allowed: 1000.")
    return tuple(regions)


def _plants(file: str, data: object, regions: tuple[Region, ...]) -> tuple[Plant, ...]:
    if not isinstance(data, list) or not data:
        raise ConfigError(f"{file}: plants is {data!r}; allowed: at least one [[plants]].")
    known = [r.id for r in regions]
    plants: list[Plant] = []
    keys = {"id", "count", "region", "lines", "stations", "mechanics", "cost_fen_per_smv_min",
            "joined", "finishers", "transport", "bundle_pieces"}  # fmt: skip
    for i, value in enumerate(data):
        t = _Table(file, f"plants[{i}]", value, keys)
        name, region = t.level("id"), t.text("region")
        if region not in known:
            raise t.fail("region", ", ".join(known))
        copies = t.whole("count", 1, 500, 1)
        lines, stations = t.whole("lines", 1, 50), t.whole("stations", 14, 60)
        transport = t.data.get("transport", "hanger")
        if transport not in ("hanger", "bundle"):
            raise t.fail("transport", "hanger, bundle")
        team = max(1, lines * stations * _FINISHERS_PERMILLE // 1000)
        for n in range(copies):
            plants.append(
                Plant(
                    name if copies == 1 else f"{name}-{n + 1:02d}",
                    region,
                    lines,
                    stations,
                    t.whole("mechanics", 1, 100),
                    t.whole("cost_fen_per_smv_min", 1, 10_000),
                    t.whole("joined", 0, lines, lines),
                    t.whole("finishers", 1, 1000, team),
                    transport,
                    t.whole("bundle_pieces", 5, 30, 20),
                )
            )
    ids = [p.id for p in plants]
    for name in ids:
        if ids.count(name) > 1 or name in known:
            raise ConfigError(f"{file}: plants has the id {name!r} twice; allowed: each id once.")
    return tuple(plants)


def _collection(file: str, data: object) -> CollectionPlan | None:
    if data is None:
        return None
    t = _Table(file, "collection", data, {"styles", "days"})
    return CollectionPlan(t.whole("styles", 4, 400), t.whole("days", 56, 3650))


def _figures(file: str, overrides: object) -> dict[str, int]:
    figures: dict[str, int] = {}
    for section, table in _data("calibration.toml").items():
        for name, entry in table.items():
            _put(figures, f"{section}.{name}", entry["value"])
    if not isinstance(overrides, dict):
        raise ConfigError(f"{file}: calibration is {overrides!r}; allowed: a table of figures.")
    for key, value in overrides.items():
        known = key in figures or f"{key}.0" in figures
        numbers = value if isinstance(value, list) else [value]
        if not known:
            sections = sorted({k.partition(".")[0] for k in figures})
            raise ConfigError(
                f"{file}: calibration.{key!r} is unknown; allowed: 'section.figure' of "
                f"calibration.toml, sections {', '.join(sections)}."
            )
        count = sum(1 for k in figures if k == key or k.startswith(key + "."))
        if len(numbers) != count or any(type(n) is not int or n < 0 for n in numbers):
            raise ConfigError(
                f"{file}: calibration.{key!r} is {value!r}; allowed: {count} whole number(s) >= 0."
            )
        _put(figures, key, value)
    return figures


def _put(figures: dict[str, int], key: str, value: object) -> None:
    if isinstance(value, list):
        for i, item in enumerate(value):
            figures[f"{key}.{i}"] = item
    elif isinstance(value, int):
        figures[key] = value


@functools.cache
def _data(name: str) -> dict[str, dict[str, dict[str, object]]]:
    path = resources.files("seamline_sim") / "data" / name
    return tomllib.loads(path.read_text(encoding="utf-8"))


def parse_scenario(text: str, file: str = "scenario") -> Scenario:
    """Read and check the text of a scenario file.

    Raises:
        ConfigError: naming file, key, value and what is allowed.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{file}: not readable as TOML: {exc}.") from exc
    top = _Table(file, "", data, _TOP)
    start = data.get("start")
    if not isinstance(start, date) or isinstance(start, datetime):
        raise top.fail("start", "a date such as 2025-09-06")
    regions = _regions(file, data.get("regions"))
    market = _Table(
        file,
        "market",
        data.get("market"),
        {"consumer_share_permille", "seller_share_permille", "sellers"},
    )
    sellers = market.data.get("sellers")
    if not isinstance(sellers, list) or not sellers or any(type(s) is not str for s in sellers):
        raise market.fail("sellers", "a list of at least one seller id")
    for seller in sellers:
        try:
            check_level(seller, "seller")
        except ContractError as exc:
            raise ConfigError(f"{file}: market.sellers: {exc}") from exc
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return Scenario(
        name=top.level("name"),
        title=top.text("title"),
        start_ms=int(midnight.timestamp()) * 1000,
        shift=_shift(file, data.get("shift")),
        regions=regions,
        plants=_plants(file, data.get("plants"), regions),
        consumer_share_permille=market.whole("consumer_share_permille", 0, 3000),
        seller_share_permille=market.whole("seller_share_permille", 0, 3000),
        sellers=tuple(sellers),
        figures=_figures(file, data.get("calibration", {})),
        document=text,
        collection=_collection(file, data.get("collection")),
    )


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Return a built-in scenario (`pi`, `demo`, `large`) or one from a TOML file.

    Raises:
        ConfigError: if there is none, or a value in it is not allowed.
    """
    name = str(name_or_path)
    if name in BUILT_IN:
        path = resources.files("seamline_sim") / "scenarios" / f"{name}.toml"
        return parse_scenario(path.read_text(encoding="utf-8"), f"{name}.toml")
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"Scenario {name!r} cannot be read: {exc}. Built in: {', '.join(BUILT_IN)}."
        ) from exc
    return parse_scenario(text, name)
