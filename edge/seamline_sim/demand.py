"""Real sales as the consumers' market: a long frame (unique_id, day, pieces) instead of the model.

`day` counts from the start of the run; negative days are history. Each series becomes the demand of
one SKU in one region:

* an id of the form `SKU@region` (for example `TS01-WHT-M@east`) stands for itself;
* any other id is given to the next free SKU and region, ids in sorted order, SKUs spread over
  styles first (so that few series still mean many styles), regions in turn.

If all days of the frame are multiples of a common step (weekly data: 7), each value is spread over
the days of its step, the first days getting what does not divide. After the frame's last day the
frame repeats from its first, in whole weeks.
"""

import itertools
import math
from collections.abc import Iterable, Mapping

from seamline_broker.errors import ConfigError
from seamline_sim.collection import Collection, collection_of
from seamline_sim.market import Frame, FrameRow, Market
from seamline_sim.scenario import Scenario

MAX_PIECES = 1_000_000


def check_frame(rows: Iterable[FrameRow], scenario: Scenario, collection: Collection) -> Frame:
    """Return the demand of a long frame by region and SKU.

    Raises:
        ConfigError: naming the row, if a value is negative or not a number, or a day comes twice
            or is left out.
    """
    series: dict[str, dict[int, int]] = {}
    numbers: dict[str, dict[int, int]] = {}
    for number, (name, day, y) in enumerate(rows, 1):
        where = f"Demand row {number} ({name!r}, day {day!r}, y {y!r})"
        if type(day) is not int:
            raise ConfigError(f"{where}: the day is not a whole number.")
        if type(y) not in (int, float) or not math.isfinite(y):
            raise ConfigError(f"{where}: y is not a number; allowed: 0 to {MAX_PIECES}.")
        if not 0 <= y <= MAX_PIECES:
            raise ConfigError(f"{where}: y is out of range; allowed: 0 to {MAX_PIECES}.")
        days = series.setdefault(str(name), {})
        known = numbers.setdefault(str(name), {})
        if day in days:
            raise ConfigError(
                f"{where}: this series has that day twice, first in row {known[day]}; "
                "expected one row per series and day."
            )
        days[day], known[day] = math.floor(y + 0.5), number
    if not series:
        raise ConfigError("The demand frame has no row.")
    all_days = sorted({day for days in series.values() for day in days})
    step = _step(all_days)
    _check_gaps(numbers, step)
    last = all_days[-1] + step - 1
    period = -(-(last - all_days[0] + 1) // 7) * 7
    slots = _slots(series, scenario, collection)
    return Frame({slots[name]: _daily(days, step) for name, days in series.items()}, last, period)


def make_market(scenario: Scenario, seed: int, demand: Iterable[FrameRow] | None = None) -> Market:
    """Return the market of a scenario and seed; `demand` replaces its consumers.

    Raises:
        ConfigError: if the demand frame has a row that is not allowed.
    """
    collection = collection_of(scenario, seed)
    frame = check_frame(demand, scenario, collection) if demand is not None else None
    return Market(scenario, seed, frame, collection)


def _check_gaps(numbers: Mapping[str, Mapping[int, int]], step: int) -> None:
    """Refuse a series that leaves out a day: nobody can tell it from a day without a sale."""
    for name, days in numbers.items():
        for a, b in itertools.pairwise(sorted(days)):
            if b - a != step:
                raise ConfigError(
                    f"Demand row {days[b]} ({name!r}, day {b}): this series has a gap after day "
                    f"{a}; expected a row every {'day' if step == 1 else f'{step} days'}, with "
                    "y = 0 where nothing was sold."
                )


def _step(days: list[int]) -> int:
    if len(days) < 2:
        return 1
    return math.gcd(*(b - a for a, b in itertools.pairwise(days)))


def _daily(days: dict[int, int], step: int) -> dict[int, int]:
    result = {}
    for day, y in days.items():
        share, rest = divmod(y, step)
        for i in range(step):
            result[day + i] = share + (i < rest)
    return result


def _slots(
    series: dict[str, dict[int, int]], scenario: Scenario, collection: Collection
) -> dict[str, tuple[str, str]]:
    regions = [region.id for region in scenario.regions]
    by_rank: list[str] = []
    lists = [style.skus() for style in collection.styles.values()]
    for rank in range(max(len(skus) for skus in lists)):
        by_rank += [skus[rank] for skus in lists if rank < len(skus)]
    known = set(by_rank)
    slots: dict[str, tuple[str, str]] = {}
    for name in series:
        sku, at, region = name.partition("@")
        if at and sku in known and region in regions:
            slots[name] = (region, sku)
    taken = set(slots.values())
    free = [(region, sku) for sku in by_rank for region in regions if (region, sku) not in taken]
    others = sorted(name for name in series if name not in slots)
    if len(others) > len(free):
        raise ConfigError(
            f"The demand frame has {len(series)} series; allowed: up to {len(taken) + len(free)} "
            "(one per SKU and region)."
        )
    return slots | dict(zip(others, free, strict=False))
