"""The register of forecasting models: what the page is sent, and what it may ask for."""

from typing import Literal

from pydantic import Field, JsonValue

from seamline_platform.api.model_base import Model, PlantMs, Text, TextZh

ModelStatus = Literal["candidate", "champion", "retired", "failed"]
Plain = str | int | float | bool | None


class ModelMetrics(Model):
    """How a model did on the last days before its origin, by rolling origins."""

    origins: int = Field(description="how often it forecast from an earlier day")
    days: int = Field(description="days scored")
    values: int = Field(description="sales scored; days that stock-outs cut are left out")
    pinball: float = Field(description="mean quantile loss in pieces; smaller is better")
    coverage_80: float = Field(description="share inside the 10 % to 90 % band; 0.8 is right")
    bias: float = Field(description="(forecast - sold) / sold; positive = too much")
    naive_pinball: float = Field(description="pinball of seasonal naive on the same days")
    skill: float = Field(description="1 - pinball / naive_pinball; above 0 is better than naive")


class ForecastModel(Model):
    """One model of the register."""

    id: str
    model: str = Field(description="forecaster by name, or mine.py:Mine")
    status: ModelStatus
    params: dict[str, JsonValue]
    code_version: str = Field(description="hash of the forecaster's source")
    data_hash: str = Field(description="hash of what it was trained on; empty: not trained here")
    rows: int
    series: int
    trained_ms: PlantMs
    seconds: float = Field(description="wall seconds of training and measuring")
    rss_mb: float
    metrics: ModelMetrics | None = Field(description="null before it was measured")
    kept: bool = Field(description="whether its trained state is kept between nights")
    recalibrate: bool = Field(description="whether earlier nights correct its quantiles")
    cause: str = Field(description="start | settings | schedule | drift | person | import")
    source: str = Field(description="run and plant that it comes from")
    nights: int = Field(description="nights that it forecast")
    fallbacks: int = Field(description="nights on which seasonal naive took its place")
    note: Text
    note_zh: TextZh


class ModelHappening(Model):
    """One entry of the register's log."""

    seq: int
    plant_ms: PlantMs
    kind: str = Field(description="registered | promoted | rolled_back | failed | drift")
    model_id: str
    cause: str
    note: Text
    note_zh: TextZh


class ModelList(Model):
    """GET /api/models: the register, newest model first; the answer of every act on it, too."""

    champion: str = Field(description="id of the model that forecasts; empty before the first")
    rollback_to: str = Field(description="id that a rollback would return to; empty: none")
    next_training_ms: PlantMs = Field(description="when the schedule trains again; 0 = off")
    training: str = Field(description="what is being trained now; empty: nothing")
    models: list[ForecastModel]
    events: list[ModelHappening] = Field(description="newest first")


class ModelRecipe(Model):
    """GET /api/models/{id}/recipe: how to train the model elsewhere; plain data, no pickle."""

    format: Literal["seamline-model-recipe"] = "seamline-model-recipe"
    version: Literal[1] = 1
    model: str = Field(min_length=1, max_length=400)
    params: dict[str, Plain] = Field(default_factory=dict)
    quantiles: list[float] = Field(min_length=1, max_length=99)
    horizon_days: int = Field(default=14, ge=1, le=90)
    recalibrate: bool = True
    code_version: str = Field(default="", max_length=64)
    seamline_version: str = Field(default="", max_length=64)
    metrics: dict[str, Plain] = Field(default_factory=dict)
    source: str = Field(default="", max_length=400)


class ModelImport(Model):
    """POST /api/models/import: register a model by its recipe."""

    recipe: ModelRecipe
    accept_other_code: bool = Field(
        default=False, description="import it though the code here is another version"
    )


class ModelImported(Model):
    """The imported model is a candidate: it is trained and measured here before the next night."""

    id: str
    warnings: list[str]
    warnings_zh: list[str]
