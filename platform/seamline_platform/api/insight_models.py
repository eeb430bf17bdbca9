"""What the page is sent about demand: trend alarms, explanations, quality of the forecasts."""

from typing import Literal

from pydantic import Field

from seamline_platform.api.model_base import Model, PlantMs, Text, TextZh


class TrendAlarm(Model):
    """A style sells at another rate than it did, and not because all do."""

    style: str
    direction: Literal["up", "down"]
    before: float = Field(description="pieces a day before, in the market of the days since")
    after: float = Field(description="pieces a day since the change, everything in stock")
    change_ms: PlantMs = Field(description="estimated first day of the change")
    alarm_ms: PlantMs = Field(description="day whose sales gave the alarm")
    strength: float = Field(description="statistic over its threshold; 1 = just enough")
    recent: bool = Field(description="given within the last 14 days: worth a look now")
    reason: Text
    reason_zh: TextZh


class StyleTrend(Model):
    """One style that is watched: how it has sold, week by week."""

    style: str
    per_day: float = Field(description="pieces a day over the last 7 days, as sold")
    weeks: list[float | None] = Field(
        description="adjusted pieces a day of the last weeks, oldest first; null = not on sale"
    )


class TrendAlarms(Model):
    """GET /api/forecast/alarms: newest alarm first, and all styles that are watched."""

    closed_ms: int = Field(description="start of the last closed day, epoch ms; 0 = none yet")
    days: int = Field(description="closed days that were looked at")
    first_days: int = Field(description="days that have to pass before the first alarm")
    false_alarms_per_year: float = Field(description="per style and year, on quiet sales")
    alarms: list[TrendAlarm]
    styles: list[StyleTrend] = Field(description="biggest first")


class ForecastPart(Model):
    """What one part of the history brought to a forecast."""

    name: str = Field(
        description="last_week | weeks_2_to_4 | weekday | stockouts | price | promotion |"
        " attributes, or the name of a further column"
    )
    pieces_7d: float = Field(description="pieces over the next seven days, signed")
    days: list[float] = Field(description="the same for each day ahead")
    text: Text
    text_zh: TextZh


class ForecastExplanation(Model):
    """GET /api/forecast/{unique_id}/explain: reference + parts = forecast (medians)."""

    unique_id: str
    origin_ms: PlantMs
    model: str
    asked: str = Field(description="model that was asked; another one if `model` is too slow")
    days_ms: list[int] = Field(description="start of each day ahead, epoch ms UTC")
    reference: list[float] = Field(description="forecast of a plain history, for each day")
    forecast: list[float] = Field(description="the model's median for each day")
    reference_7d: float
    forecast_7d: float
    parts: list[ForecastPart] = Field(description="biggest effect first")
    exact: bool = Field(description="all coalitions were asked for; else drawn orders")
    evaluations: int = Field(description="how often the model was asked")
    seconds: float
    note: Text
    note_zh: TextZh


class QualityNight(Model):
    """How one forecast did on the days that are closed since."""

    origin_ms: PlantMs
    model: str
    days: int = Field(description="days of it that are closed")
    values: int = Field(description="sales scored; days cut by stock-outs are left out")
    pinball: float | None = Field(description="mean quantile loss in pieces; smaller is better")
    coverage_80: float | None = Field(description="share of sales inside the 80 % interval")
    bias: float | None = Field(description="(expected - sold) / sold; positive = too much")
    naive_pinball: float | None = Field(description="seasonal naive on the same sales")
    naive_coverage_80: float | None
    naive_bias: float | None


class QualityHorizon(Model):
    """How all these forecasts did so many days ahead."""

    ahead: int = Field(description="days ahead, from 1")
    values: int
    pinball: float | None
    coverage_80: float | None
    bias: float | None
    naive_pinball: float | None


class QualityLevel(Model):
    """Calibration of one quantile: right if below <= level <= at_most."""

    level: float
    below: float = Field(description="share of sales below the quantile")
    at_most: float = Field(description="share of sales below or at the quantile")
    values: int


class ForecastQuality(Model):
    """GET /api/forecast/quality: the last nights, oldest first; horizons and levels add them up."""

    model: str = Field(description="model that horizons and levels are about; the newest")
    nights: list[QualityNight]
    horizons: list[QualityHorizon]
    levels: list[QualityLevel]
