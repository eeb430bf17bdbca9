"""Problems and schedules as JSON: what comes in is named when it is wrong, what goes out comes in.

Ticks may be written as whole numbers since the problem's start, or as ISO 8601 times with an offset
where the problem has a `start` of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.problem import (
    Line,
    Objective,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.tariff_document import tariff_document, tariff_of
from seamline_platform.planning.shop.times import Shift, WorkTimes, work_times

FORMAT: Final = "seamline-shop/1"
CALENDAR_DAYS: Final = 400
_PARTS: Final = (
    "format", "name", "start", "tick_ms", "styles", "orders", "lines", "cutting", "finishing",
    "setups", "ramp", "objective", "calendars", "fixed", "planned", "tariff",
)  # fmt: skip

Document = Mapping[str, Any]


def problem_of(document: object) -> Problem:
    """Return the problem that a JSON document holds.

    Raises:
        ConfigError: naming the place in the document, what came there and what is allowed.
    """
    d = _mapping(document, "The problem")
    _only(d, _PARTS, "The problem")
    if d.get("format", FORMAT) != FORMAT:
        raise ConfigError(f"format is {d['format']!r}; this version reads {FORMAT!r}.")
    start_ms = _start(d.get("start", 0))
    tick_ms = _whole(d.get("tick_ms", 60_000), "tick_ms")
    tick = _ticks(start_ms, tick_ms)
    return Problem(
        name=str(d.get("name", "problem")),
        styles=tuple(_style(s, f"styles[{k}]") for k, s in _rows(d, "styles")),
        orders=tuple(_order(o, f"orders[{k}]", tick) for k, o in _rows(d, "orders")),
        lines=tuple(_line(x, f"lines[{k}]", tick) for k, x in _rows(d, "lines")),
        cutting=_stage(d.get("cutting", {}), "cutting", tick),
        finishing=_stage(d.get("finishing", {}), "finishing", tick),
        setups=_setups(d.get("setups", {})),
        ramp=_plain(Ramp, d.get("ramp", {}), "ramp"),
        objective=_plain(Objective, d.get("objective", {}), "objective"),
        calendars={
            name: _calendar(c, f"calendars.{name}", start_ms, tick_ms)
            for name, c in _mapping(d.get("calendars", {}), "calendars").items()
        },
        fixed={
            str(line): _names(orders, f"fixed.{line}")
            for line, orders in _mapping(d.get("fixed", {}), "fixed").items()
        },
        planned={
            str(order): str(line)
            for order, line in _mapping(d.get("planned", {}), "planned").items()
        },
        tariff=tariff_of(d.get("tariff"), start_ms, tick_ms),
        start_ms=start_ms,
        tick_ms=tick_ms,
    )


def document_of(problem: Problem) -> dict[str, Any]:
    """Return a problem as plain data for JSON; `problem_of` reads it back to an equal one."""
    return {
        "format": FORMAT,
        "name": problem.name,
        "start": problem.start_ms,
        "tick_ms": problem.tick_ms,
        "styles": [_without_sets(s) for s in problem.styles],
        "orders": [_without_sets(o) for o in problem.orders],
        "lines": [_without_sets(x) for x in problem.lines],
        "cutting": asdict(problem.cutting),
        "finishing": asdict(problem.finishing),
        "setups": {
            **{k: v for k, v in asdict(problem.setups).items() if k != "pairs"},
            "pairs": [[a, b, ticks] for (a, b), ticks in problem.setups.pairs.items()],
        },
        "ramp": asdict(problem.ramp),
        "objective": asdict(problem.objective),
        "calendars": {
            name: {"intervals": [list(x) for x in zip(t.starts, t.ends, strict=True)]}
            for name, t in problem.calendars.items()
        },
        "fixed": {line: list(orders) for line, orders in problem.fixed.items()},
        "planned": dict(problem.planned),
        "tariff": None if problem.tariff is None else tariff_document(problem.tariff),
    }


def schedule_document(problem: Problem, schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as plain data: rows in ticks, the figures, who has no place and why."""
    return {
        "problem": problem.name,
        "start": problem.start_ms,
        "tick_ms": problem.tick_ms,
        **asdict(schedule.value),
        "rows": [asdict(row) for row in schedule.rows],
        "unplanned": dict(schedule.unplanned),
    }


def _without_sets(value: Any) -> dict[str, Any]:
    plain = asdict(value)
    return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in plain.items()}


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} is {_shown(value)}; expected an object with named parts.")
    return value


def _rows(d: Document, part: str) -> list[tuple[int, Mapping[str, Any]]]:
    value = d.get(part)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ConfigError(f"{part} is {_shown(value)}; expected a list.")
    return [(k, _mapping(row, f"{part}[{k}]")) for k, row in enumerate(value)]


def _only(d: Document, known: Sequence[str], where: str) -> None:
    for name in d:
        if name not in known:
            raise ConfigError(f"{where} has {name!r}; there is: {', '.join(known)}.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _whole(value: object, where: str) -> int:
    if type(value) is not int:
        raise ConfigError(f"{where} is {_shown(value)}; expected a whole number.")
    return value


def moment_of(text: object, where: str) -> int:
    """Return the epoch ms of an ISO 8601 time (UTC where it has no offset).

    Raises:
        ConfigError: if it is none.
    """
    return round(_moment(text, where).timestamp() * 1000)


def _start(value: object) -> int:
    return value if type(value) is int else moment_of(value, "start")


def _moment(value: object, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as exc:
        raise ConfigError(
            f"{where} is {_shown(value)}; expected a time such as 2026-11-02T08:00:00+08:00."
        ) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ticks(start_ms: int, tick_ms: int) -> Callable[[object, str], int]:
    """Return a reader of ticks: whole numbers as they are, times as ticks since the start."""

    def read(value: object, where: str) -> int:
        if isinstance(value, str):
            return round((_moment(value, where).timestamp() * 1000 - start_ms) // tick_ms)
        return _whole(value, where)

    return read


def _plain(kind: type[Any], value: object, where: str) -> Any:
    """Return a dataclass from a mapping with its names; it validates itself."""
    d = _mapping(value, where)
    names = [f.name for f in fields(kind)]
    _only(d, names, where)
    for f in fields(kind):
        if f.name not in d and f.default is MISSING and f.default_factory is MISSING:
            raise ConfigError(f"{where} has no {f.name!r}; it needs it.")
    try:
        return kind(**d)
    except TypeError as exc:
        raise ConfigError(f"{where} cannot be read: {exc}.") from exc
    except ConfigError as exc:
        raise ConfigError(f"{where}: {exc}") from exc


def _names(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ConfigError(f"{where} is {_shown(value)}; expected a list of names.")
    return tuple(str(name) for name in value)


def _style(d: Document, where: str) -> Style:
    skills = frozenset(_names(d.get("skills", ()), f"{where}.skills"))
    made: Style = _plain(Style, {**d, "skills": skills}, where)
    return made


def _order(d: Document, where: str, tick: Callable[[object, str], int]) -> Order:
    read = dict(d)
    for name in ("due", "release", "kit", "sewn"):
        if read.get(name) is not None:
            read[name] = tick(read[name], f"{where}.{name}")
    for name in ("lines", "after"):
        read[name] = _names(read.get(name, ()), f"{where}.{name}")
    read.setdefault("colour", "")
    sizes = _mapping(read.get("sizes", {}), f"{where}.sizes")
    if sizes and "pieces" not in read:
        read["pieces"] = sum(_whole(v, f"{where}.sizes.{k}") for k, v in sizes.items())
    made: Order = _plain(Order, read, where)
    return made


def _line(d: Document, where: str, tick: Callable[[object, str], int]) -> Line:
    read = dict(d)
    read["skills"] = frozenset(_names(read.get("skills", ()), f"{where}.skills"))
    if "free" in read:
        read["free"] = tick(read["free"], f"{where}.free")
    _mapping(read.get("efficiency"), f"{where}.efficiency")
    made: Line = _plain(Line, read, where)
    return made


def _stage(value: object, where: str, tick: Callable[[object, str], int]) -> Stage:
    d = dict(_mapping(value, where))
    busy = d.get("busy", ())
    if isinstance(busy, str) or not isinstance(busy, Sequence):
        raise ConfigError(f"{where}.busy is {_shown(busy)}; expected a list of ticks.")
    d["busy"] = tuple(tick(t, f"{where}.busy[{k}]") for k, t in enumerate(busy))
    made: Stage = _plain(Stage, d, where)
    return made


def _setups(value: object) -> Setups:
    d = dict(_mapping(value, "setups"))
    pairs = {}
    for k, row in enumerate(d.get("pairs", ())):
        if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != 3:
            raise ConfigError(
                f"setups.pairs[{k}] is {_shown(row)}; expected [style, style, ticks]."
            )
        pairs[str(row[0]), str(row[1])] = _whole(row[2], f"setups.pairs[{k}]")
    made: Setups = _plain(Setups, {**d, "pairs": pairs}, "setups")
    return made


def _calendar(value: object, where: str, start_ms: int, tick_ms: int) -> WorkTimes:
    d = _mapping(value, where)
    if "intervals" in d:
        _only(d, ("intervals",), where)
        rows = [_names(row, f"{where}.intervals") for row in d["intervals"]]
        if any(len(row) != 2 for row in rows):
            raise ConfigError(f"{where}.intervals: each is [start, end] in ticks.")
        return WorkTimes(tuple(int(a) for a, _ in rows), tuple(int(b) for _, b in rows))
    _only(d, ("zone", "shifts", "holidays", "days"), where)
    zone = str(d.get("zone", "UTC"))
    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ConfigError(
            f"{where}.zone is {zone!r}; expected an IANA name such as Asia/Shanghai."
        ) from exc
    shifts = [_shift(s, f"{where}.shifts[{k}]") for k, s in enumerate(d.get("shifts", ()))]
    try:
        holidays = [date.fromisoformat(day) for day in d.get("holidays", ())]
    except (ValueError, TypeError) as exc:
        raise ConfigError(f"{where}.holidays: {exc}; expected days such as 2026-10-01.") from exc
    days = _whole(d.get("days", CALENDAR_DAYS), f"{where}.days")
    return work_times(shifts, tz, start_ms, days, tick_ms, holidays)


def _shift(value: object, where: str) -> Shift:
    d = _mapping(value, where)
    _only(d, ("from", "to", "weekdays", "breaks"), where)
    try:
        return Shift(
            time.fromisoformat(d["from"]),
            time.fromisoformat(d["to"]),
            tuple(d.get("weekdays", (0, 1, 2, 3, 4, 5))),
            tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in d.get("breaks", ())),
        )
    except (KeyError, ValueError, TypeError) as exc:
        raise ConfigError(
            f"{where} is {_shown(dict(d))}; expected from and to such as 08:00, weekdays 0 to 6."
        ) from exc
