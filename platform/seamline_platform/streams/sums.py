"""Sums that KPIs are made of: they add up over windows, lines and plants; KPIs do not."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Final

from seamline_platform.streams import formulas


@dataclass(slots=True)
class Sums:
    """What happened in one window, or in several of them together."""

    operations: int = 0
    apt_ms: int = 0
    """Time that stations worked."""
    standard_ms: int = 0
    """Standard time of the operations done."""
    pbt_ms: int = 0
    """Stations x time that the shift was on."""
    labour_ms: int = 0
    """Operators x time that the shift was on."""
    open_ms: int = 0
    """Time that the shift was on."""
    earned_ms: int = 0
    """Good garments x standard time of a garment."""
    good: int = 0
    scrapped: int = 0
    metered_good: int = 0
    """Good garments of the windows with a meter reading before and in them."""
    energy_kwh: float = 0.0
    wip: int = 0
    """Garments on the line at the end."""
    rate_per_h: float = 0.0
    """Good garments per open hour, added over lines."""
    delivered: int = 0
    on_time: int = 0
    timed: int = 0
    """Delivered orders of which it is known when they were placed."""
    lead_ms: int = 0

    def add(self, other: "Sums") -> None:
        """Add what happened elsewhere or later."""
        for name in _FIELDS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def busy(self) -> bool:
        """Return whether anything was planned or happened."""
        return bool(self.open_ms or self.operations or self.delivered)


_FIELDS: Final = tuple(field.name for field in fields(Sums))


def total(parts: Iterable[Sums]) -> Sums:
    """Return all parts added up."""
    result = Sums()
    for part in parts:
        result.add(part)
    return result


@dataclass(frozen=True, slots=True)
class KpiSpec:
    """A KPI: its unit, whether ISO 22400-2 defines it, and how it follows from sums."""

    unit: str
    iso22400: bool
    value: Callable[[Sums], float | None]


def _oee(s: Sums) -> float | None:
    return formulas.oee(
        formulas.availability(s.apt_ms, s.pbt_ms),
        formulas.performance(s.standard_ms, s.apt_ms),
        formulas.quality_ratio(s.good, s.scrapped),
    )


KPIS: Final[Mapping[str, KpiSpec]] = {
    "oee": KpiSpec("1", True, _oee),
    "availability": KpiSpec("1", True, lambda s: formulas.availability(s.apt_ms, s.pbt_ms)),
    "performance": KpiSpec("1", True, lambda s: formulas.performance(s.standard_ms, s.apt_ms)),
    "quality_ratio": KpiSpec("1", True, lambda s: formulas.quality_ratio(s.good, s.scrapped)),
    "line_efficiency": KpiSpec(
        "1", False, lambda s: formulas.line_efficiency(s.earned_ms, s.labour_ms)
    ),
    "throughput_per_h": KpiSpec("1/h", True, lambda s: s.rate_per_h if s.open_ms else None),
    "wip": KpiSpec("pieces", False, lambda s: float(s.wip) if s.open_ms else None),
    "lead_time_h": KpiSpec("h", False, lambda s: formulas.lead_time_h(s.lead_ms, s.timed)),
    "on_time_delivery": KpiSpec(
        "1", False, lambda s: formulas.on_time_delivery(s.on_time, s.delivered)
    ),
    "energy_per_piece_kwh": KpiSpec(
        "kWh",
        True,
        lambda s: formulas.energy_per_piece_kwh(s.energy_kwh, s.metered_good),
    ),
}
"""All KPIs by name, in the order in which the page shows them."""


def values(sums: Sums) -> dict[str, float | None]:
    """Return every KPI of the sums."""
    return {name: spec.value(sums) for name, spec in KPIS.items()}
