"""A tariff as JSON: rates by hour of the local day, or by tick."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.tariff import HourRate, Tariff, daily_tariff

_HOURS = ("zone", "hours", "currency")
_TICKS = ("intervals", "currency")
_EXPECTED = (
    'hours such as [{"from": "08:00", "price": 1.1, "co2": 0.58}, ..] with a zone, '
    "or intervals such as [[0, 1.1, 0.58], ..] (tick, price, CO2)"
)


def tariff_of(value: object, start_ms: int, tick_ms: int) -> Tariff | None:
    """Return the tariff that a document holds; None where it holds none.

    Raises:
        ConfigError: naming what came and what is expected.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping) or ("hours" in value) == ("intervals" in value):
        raise ConfigError(f"tariff is {_shown(value)}; expected {_EXPECTED}.")
    known = _HOURS if "hours" in value else _TICKS
    for name in value:
        if name not in known:
            raise ConfigError(f"tariff has {name!r}; there is: {', '.join(known)}.")
    currency = str(value.get("currency", ""))
    if "intervals" in value:
        rows = [_numbers(r, f"tariff.intervals[{k}]") for k, r in enumerate(_list(value))]
        return Tariff(
            tuple(r[0] for r in rows),
            tuple(r[1] for r in rows),
            tuple(r[2] for r in rows),
            currency,
        )
    zone = str(value.get("zone", "UTC"))
    try:
        tz = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ConfigError(
            f"tariff.zone is {zone!r}; expected an IANA name such as Asia/Shanghai."
        ) from exc
    rates = [_rate(r, f"tariff.hours[{k}]") for k, r in enumerate(_list(value))]
    return daily_tariff(rates, tz, start_ms, tick_ms, currency=currency)


def tariff_document(tariff: Tariff) -> dict[str, Any]:
    """Return a tariff as plain data; `tariff_of` reads it back to an equal one."""
    rows = zip(tariff.starts, tariff.price, tariff.co2, strict=True)
    return {"intervals": [list(row) for row in rows], "currency": tariff.currency}


def _list(value: Mapping[str, Any]) -> Sequence[Any]:
    name = "hours" if "hours" in value else "intervals"
    rows = value[name]
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ConfigError(f"tariff.{name} is {_shown(rows)}; expected {_EXPECTED}.")
    return rows


def _numbers(row: object, where: str) -> tuple[int, float, float]:
    if isinstance(row, Sequence) and not isinstance(row, str) and len(row) == 3:
        tick, price, co2 = row
        if type(tick) is int and all(_is_number(v) for v in (price, co2)):
            return tick, float(price), float(co2)
    raise ConfigError(f"{where} is {_shown(row)}; expected [tick, price, CO2].")


def _rate(row: object, where: str) -> HourRate:
    if isinstance(row, Mapping) and set(row) <= {"from", "price", "co2"}:
        price, co2 = row.get("price", ""), row.get("co2", 0.0)
        if _is_number(price) and _is_number(co2):
            try:
                return HourRate(time.fromisoformat(str(row.get("from"))), float(price), float(co2))
            except ValueError as exc:
                raise ConfigError(
                    f"{where}.from is {row.get('from')!r}; expected a time such as 08:00."
                ) from exc
    raise ConfigError(f"{where} is {_shown(row)}; expected from, price and (optional) co2.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
