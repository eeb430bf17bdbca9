"""The KPIs as formulas: numbers in, a number out, None where the standard leaves no value.

Times are milliseconds. The names in capitals are those of ISO 22400-2:2014; `kpi.sql` has the same
formulas for the tables of a run.
"""

MS_PER_HOUR = 3_600_000


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def availability(apt_ms: int, pbt_ms: int) -> float | None:
    """ISO 22400-2 availability: APT / PBT.

    APT (actual production time) is the time in which stations worked on garments; PBT (planned busy
    time) is stations x time in which the shift was on. An operation counts when it ends.
    """
    return _ratio(apt_ms, pbt_ms)


def performance(standard_ms: int, apt_ms: int) -> float | None:
    """ISO 22400-2 effectiveness: PRI x PQ / APT, usually called performance.

    PRI (planned run time per item) is the standard minute value of the operation, PQ the operations
    done.
    """
    return _ratio(standard_ms, apt_ms)


def quality_ratio(good: int, scrapped: int) -> float | None:
    """ISO 22400-2 quality ratio: GQ / PQ, garments good over garments that left the line."""
    return _ratio(good, good + scrapped)


def oee(
    availability_: float | None, performance_: float | None, quality: float | None
) -> float | None:
    """ISO 22400-2 overall equipment effectiveness: availability x effectiveness x quality."""
    if availability_ is None or performance_ is None or quality is None:
        return None
    return availability_ * performance_ * quality


def line_efficiency(earned_ms: int, labour_ms: int) -> float | None:
    """Line efficiency of sewing plants: pieces x SMV / (operators x minutes present)."""
    return _ratio(earned_ms, labour_ms)


def throughput_per_h(good: int, open_ms: int) -> float | None:
    """Good garments per hour in which the shift was on (ISO 22400-2: throughput rate)."""
    return _ratio(good * MS_PER_HOUR, open_ms)


def lead_time_h(total_ms: int, orders: int) -> float | None:
    """Mean time from placing an order to its delivery, in hours."""
    return _ratio(total_ms / MS_PER_HOUR, orders)


def on_time_delivery(on_time: int, orders: int) -> float | None:
    """Share of delivered orders that came by their due date."""
    return _ratio(on_time, orders)


def energy_per_piece_kwh(energy_kwh: float, good: int) -> float | None:
    """Electric energy of the line over good garments (ISO 22400-2: energy consumption per GQ)."""
    return _ratio(energy_kwh, good)
