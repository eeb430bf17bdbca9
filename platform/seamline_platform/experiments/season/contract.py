"""What an experiment is made of (links, practices, knobs, setting) and what comes out of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Final, Literal, get_args

from seamline_broker.errors import ConfigError

Scope = Literal["line", "plant", "region", "platform"]
Capacity = Literal["slack", "tight"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
CAPACITIES: Final[tuple[Capacity, ...]] = get_args(Capacity)

KPI_NAMES: Final = (
    "profit_k",
    "revenue_k",
    "fill_rate",
    "on_time_delivery",
    "lead_time_d",
    "stock_days",
    "leftover_share",
    "wip_pieces",
    "line_efficiency",
    "oee",
    "dhu",
    "energy_kwh_per_piece",
    "co2_kg_per_piece",
    "cloth_use",
    "bullwhip",
    "cash_to_cash_d",
)
"""KPIs of a run, money in thousands of yuan; their formulas stand in `ledger`."""


def _check_flags(value: object, names: tuple[str, ...]) -> None:
    for name in names:
        came = getattr(value, name)
        if type(came) is not bool:
            kind = type(value).__name__
            raise ConfigError(f"{kind}.{name} is {came!r}; allowed: true, false.")


@dataclass(frozen=True, slots=True)
class Links:
    """The rows of the published comparison as switches: what a maker sees, how fast, how far."""

    sense_market: bool = False
    """Daily sales by SKU with stock-outs and pre-launch signals, not a monthly report."""
    sense_floor: bool = False
    """Events of machines and garments, not reports of each shift."""
    integrate: bool = False
    """Every department sees the others' data at once, not in weekly batches."""
    elastic: bool = False
    """A reserve line joins in hours, not in weeks."""
    close_loop: bool = False
    """Diagnose, predict, decide and execute every day, not plan by the week and mend on failure."""
    scope: Scope = "line"
    """How far an order (and with `platform` stock and cloth) may travel from its home line."""

    def __post_init__(self) -> None:
        _check_flags(self, ("sense_market", "sense_floor", "integrate", "elastic", "close_loop"))
        if self.scope not in SCOPES:
            raise ConfigError(f"Links.scope is {self.scope!r}; allowed: {', '.join(SCOPES)}.")

    @property
    def name(self) -> str:
        """Return a readable id: what is on, joined by `+`; `baseline` when nothing is."""
        short = {
            "sense_market": "market", "sense_floor": "floor", "integrate": "integrate",
            "elastic": "elastic", "close_loop": "loop",
        }  # fmt: skip
        on = [word for key, word in short.items() if getattr(self, key)]
        if self.scope != "line":
            on.append(self.scope)
        return "+".join(on) or "baseline"


@dataclass(frozen=True, slots=True)
class Practices:
    """The five practices of the published case, each on top of a mostly manual start."""

    brain: bool = False
    """A: demand insight from the market's own data, forecasts that learn."""
    process_map: bool = False
    """B: digital process maps: small lots, fast samples, set-up data sent ahead."""
    dispatch: bool = False
    """C: orders go to any capable line of any plant."""
    warehouse: bool = False
    """D: central warehouses: pooled stock, cloth in several forms, kits in step with the line."""
    plant: bool = False
    """E: flexible plant: hangers, live balancing, predictive maintenance, daily re-plan."""

    def __post_init__(self) -> None:
        _check_flags(self, tuple(f.name for f in fields(self)))

    @property
    def name(self) -> str:
        """Return a readable id: letters A to E of what is on; `manual` when nothing is."""
        letters = zip("ABCDE", fields(self), strict=True)
        return "".join(a for a, f in letters if getattr(self, f.name)) or "manual"


KNOB_GRID: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "initial_permille": (200, 400, 600, 800, 1000, 1200),
        "cover_days": (7, 14, 21, 28, 42),
        "safety_permille": (0, 400, 800, 1200, 1800),
        "lot_days": (7, 14, 28),
        "markdown_days": (7, 14, 21, 28, 42),
        "capacity_permille": (700, 850, 1000, 1150),
    }
)
"""Values that a tuner tries, by knob."""
KNOB_BOUNDS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "initial_permille": (100, 2000),
        "cover_days": (2, 90),
        "safety_permille": (0, 3000),
        "lot_days": (1, 90),
        "markdown_days": (0, 60),
        "capacity_permille": (300, 2000),
    }
)
"""Least and greatest value allowed, by knob."""


@dataclass(frozen=True, slots=True)
class Knobs:
    """The few tuned parameters of a policy, whole numbers within `KNOB_BOUNDS`."""

    initial_permille: int = 600
    """Buy before launch against the newsvendor's quantity, permille."""
    cover_days: int = 21
    """Days of demand that an order-up-to level holds above lead time and review."""
    safety_permille: int = 800
    """Safety stock in standard deviations of the error over lead time and review, permille."""
    lot_days: int = 14
    """Days of demand that a reorder is rounded up to, above the minimum order."""
    markdown_days: int = 28
    """Days before the end of a life at which what is too much is marked down."""
    capacity_permille: int = 1000
    """Share of the capacity it counts on that the planner dares to fill, permille."""

    def __post_init__(self) -> None:
        for name, (low, high) in KNOB_BOUNDS.items():
            came = getattr(self, name)
            if type(came) is not int or not low <= came <= high:
                raise ConfigError(
                    f"Knobs.{name} is {came!r}; allowed: a whole number from {low} to {high}."
                )


@dataclass(frozen=True, slots=True)
class Setting:
    """What all policies of an experiment share: horizon, capacity, scenario, hardware.

    `hardware` maps figures of the calibration (`machines.hard_mtbf_h`) to permille of their value.
    """

    days: int = 180
    capacity: Capacity = "slack"
    scenario: str = "season"
    hardware: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if type(self.days) is not int or not 60 <= self.days <= 730:
            raise ConfigError(f"Setting.days is {self.days!r}; allowed: 60 to 730.")
        if self.capacity not in CAPACITIES:
            raise ConfigError(
                f"Setting.capacity is {self.capacity!r}; allowed: {', '.join(CAPACITIES)}."
            )
        for name, permille in self.hardware.items():
            if type(permille) is not int or not 100 <= permille <= 10_000:
                raise ConfigError(
                    f"Setting.hardware[{name!r}] is {permille!r}; allowed: 100 to 10000 permille."
                )


@dataclass(frozen=True, slots=True)
class Accounts:
    """Quantities and prices (yuan) of a run, for an index of total factor productivity."""

    outputs: Mapping[str, tuple[float, float]]
    """Delivered garments and their base price, by category."""
    inputs: Mapping[str, tuple[float, float]]
    """labour_h, machine_h, cloth_m, energy_kwh, ict_capital, data_capital: quantity and price."""


INPUTS: Final = ("labour_h", "machine_h", "cloth_m", "energy_kwh", "ict_capital", "data_capital")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one policy made of one season. `cpu_s` is the machine's and no part of a digest."""

    kpis: Mapping[str, float]
    accounts: Accounts
    exogenous_digest: str
    """Equal for every policy of one seed and setting."""
    world_digest: str
    cpu_s: float

    def __post_init__(self) -> None:
        missing = [name for name in KPI_NAMES if name not in self.kpis]
        if missing:
            raise ConfigError(f"Outcome lacks the KPI {missing[0]}; it has {', '.join(self.kpis)}.")
