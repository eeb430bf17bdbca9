"""Two makers side by side in one season: what the page is sent, and what it may ask for."""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StrictBool, model_validator

from seamline_platform.api.model_base import Model, PlantMs, Text, TextZh

CompareScope = Literal["line", "plant", "region", "platform"]
SwitchName = Literal["sense_market", "sense_floor", "integrate", "elastic", "close_loop", "scope"]
SideName = Literal["left", "right"]
_Share = Annotated[float | None, Field(description="share, 0 to 1; null before the first")]


class CompareLinks(Model):
    """What one maker has connected: the rows of the published comparison as switches."""

    sense_market: bool = Field(description="daily sales by SKU, launch signals")
    sense_floor: bool = Field(description="events of machines and garments")
    integrate: bool = Field(description="departments share data at once")
    elastic: bool = Field(description="a reserve line joins in hours")
    close_loop: bool = Field(description="diagnose, predict, decide, execute daily")
    scope: CompareScope = Field(description="how far an order may travel")


SILOED = CompareLinks(
    sense_market=False, sense_floor=False, integrate=False, elastic=False, close_loop=False,
    scope="line",
)  # fmt: skip
CONNECTED = CompareLinks(
    sense_market=True, sense_floor=True, integrate=True, elastic=True, close_loop=True,
    scope="platform",
)  # fmt: skip


class CompareSpan(Model):
    """A stretch of the season's calendar, both days included; day 0 is the first."""

    name: str = Field(description="warmup | 1111 | 618 | 1212 | 38 | new_year | surge")
    first: int
    last: int


class CompareState(Model):
    """Topic `compare` (put): where the comparison stands."""

    state: Literal["idle", "starting", "running", "paused", "done", "stopped", "failed"]
    run: int = Field(description="running number of the comparison; 0 before the first")
    seed: int
    capacity: Literal["slack", "tight"]
    days: int = Field(description="plant days of the season")
    days_per_s: float = Field(description="plant days per wall second, as asked")
    reached_days_per_s: float | None = Field(description="as reached; null while not running")
    start_ms: PlantMs
    day: int = Field(description="plant days that both sides have lived")
    left: CompareLinks
    right: CompareLinks
    calendar: list[CompareSpan]
    digest_left: str = Field(description="customers and breakdowns met so far; empty if unknown")
    digest_right: str = Field(description="the same of the right side: equal, or it is a mistake")
    error: Text
    error_zh: TextZh


class CompareKpis(Model):
    """What one side has reached at the end of a plant day; sums and shares since day 0."""

    profit_k: float = Field(description="profit so far, thousand yuan")
    revenue_k: float = Field(description="revenue so far, thousand yuan")
    sold_pieces: int = Field(description="garments sold so far")
    fill_rate: _Share
    on_time_delivery: _Share
    line_efficiency: _Share
    lead_time_d: float | None = Field(description="mean days from order to delivery")
    stock_pieces: int = Field(description="finished garments in stock")
    wip_pieces: int = Field(description="garments on the lines")
    orders_late: int = Field(description="orders delivered late, or due and not delivered")
    co2_kg_per_piece: float | None


class CompareDay(Model):
    """Topic `compare_days` (set by day, four digits): both sides at the end of a plant day."""

    day: int
    left: CompareKpis
    right: CompareKpis


class CompareMark(Model):
    """Topic `compare_marks` (set by running number): something worth seeing."""

    day: int
    side: Literal["left", "right", "both"]
    kind: Literal["switch", "launch", "stockout", "surge", "join", "leave"]
    name: str = Field(description="switch, style, region or line that it is about")
    value: str = Field(description="what a switch was set to, how strong a surge is, or empty")


class CompareStart(Model):
    """POST /api/compare/start: begin a comparison; one that runs is ended."""

    seed: int = Field(default=1, ge=0, le=2**31 - 1)
    capacity: Literal["slack", "tight"] = "tight"
    days: int = Field(default=180, ge=60, le=365)
    days_per_s: float = Field(default=2.0, ge=0.1, le=20)
    left: CompareLinks = SILOED
    right: CompareLinks = CONNECTED


class ComparePace(Model):
    """POST /api/compare/pace: pause, continue, or go at another speed; null leaves it."""

    paused: bool | None = None
    days_per_s: float | None = Field(default=None, ge=0.1, le=20)


class CompareSwitch(Model):
    """POST /api/compare/switch: flip one switch of one side; it counts from the next day on."""

    side: SideName
    name: SwitchName
    value: StrictBool | str = Field(description="true or false; for scope how far")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        scopes = get_args(CompareScope)
        if self.name == "scope" and self.value not in scopes:
            raise ValueError(f"scope takes {', '.join(scopes)}")
        if self.name != "scope" and not isinstance(self.value, bool):
            raise ValueError(f"{self.name} takes true, false")
        return self
