"""A recipe: how to train a model again somewhere else. Plain JSON; nothing in it is executed."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from seamline_broker.errors import UNREADABLE, ConfigError, PluginError
from seamline_platform.demand.codeversion import code_version
from seamline_platform.demand.protocol import LEVELS, canonical_name
from seamline_platform.demand.registry import ModelRecord

FORMAT: Final = "seamline-model-recipe"
VERSION: Final = 1
MAX_CHARACTERS: Final = 64_000
Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Recipe:
    """Forecaster, its parameters, the levels it was asked for, and how it did where it comes from.

    `metrics` and `source` are told, not used: the model is measured anew where it is imported.
    """

    model: str
    params: Mapping[str, Plain] = field(default_factory=dict)
    quantiles: tuple[float, ...] = LEVELS
    horizon_days: int = 14
    recalibrate: bool = True
    code_version: str = ""
    seamline_version: str = ""
    metrics: Mapping[str, Plain] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        if not self.model or len(self.model) > 400:
            raise ValueError("A recipe names a forecaster, in at most 400 characters.")
        if any(not isinstance(v, str | int | float | bool | None) for v in self.params.values()):
            raise ValueError("Parameters of a recipe are numbers, texts, true, false or null.")
        levels = list(self.quantiles)
        if not levels or sorted(set(levels)) != levels or levels[0] <= 0 or levels[-1] >= 1:
            raise ValueError(f"Quantiles of a recipe rise inside 0 to 1, not {levels}.")
        if not 1 <= self.horizon_days <= 90:
            raise ValueError(f"A horizon is 1 to 90 days, not {self.horizon_days}.")

    def document(self) -> dict[str, object]:
        """Return the recipe as plain data for JSON."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "model": self.model,
            "params": dict(self.params),
            "quantiles": list(self.quantiles),
            "horizon_days": self.horizon_days,
            "recalibrate": self.recalibrate,
            "code_version": self.code_version,
            "seamline_version": self.seamline_version,
            "metrics": dict(self.metrics),
            "source": self.source,
        }

    @classmethod
    def read(cls, document: Mapping[str, object]) -> "Recipe":
        """Read what `document` wrote.

        Raises:
            ConfigError: if it is no recipe, of another version, or a value is not allowed.
        """
        what = document.get("format")
        if what != FORMAT:
            raise ConfigError(f"This is no recipe of a model: format is {what!r}, not {FORMAT!r}.")
        if document.get("version") != VERSION:
            raise ConfigError(
                f"This recipe has version {document.get('version')!r}; {VERSION} is read here."
            )
        try:
            return cls._read({k: v for k, v in document.items() if k not in ("format", "version")})
        except UNREADABLE as exc:
            raise ConfigError(f"The recipe is not readable: {exc}") from exc

    @classmethod
    def _read(cls, d: dict[str, object]) -> "Recipe":
        levels = d.pop("quantiles", LEVELS)
        if not isinstance(levels, list | tuple):
            raise TypeError(f"quantiles are a list, not {levels!r:.80}.")
        return cls(**d, quantiles=tuple(float(level) for level in levels))  # type: ignore[arg-type]  # wrong types raise

    @classmethod
    def parse(cls, text: str) -> "Recipe":
        """Read a recipe file.

        Raises:
            ConfigError: if it is too long, no JSON object or no recipe.
        """
        if len(text) > MAX_CHARACTERS:
            raise ConfigError(f"A recipe has at most {MAX_CHARACTERS} characters, not {len(text)}.")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise ConfigError(f"The recipe is not JSON: {exc}.") from exc
        if not isinstance(document, dict):
            raise ConfigError("A recipe is a JSON object.")
        return cls.read(document)


def recipe_of(record: ModelRecord, horizon_days: int, seamline_version: str) -> Recipe:
    """Return the recipe of a registered model."""
    told: dict[str, Plain] = {}
    if record.metrics is not None:
        m = record.metrics
        numbers = {
            "pinball": m.pinball,
            "coverage_80": m.coverage_80,
            "bias": m.bias,
            "naive_pinball": m.naive_pinball,
            "skill": m.skill,
        }
        told = {k: round(v, 6) for k, v in numbers.items() if math.isfinite(v)}
        told |= {"origins": m.origins, "days": m.days, "values": m.values}
    return Recipe(
        model=record.model,
        params={k: v for k, v in record.params.items() if isinstance(v, Plain)},
        quantiles=record.quantiles,
        horizon_days=horizon_days,
        recalibrate=record.recalibrate,
        code_version=record.code_version,
        seamline_version=seamline_version,
        metrics=told,
        source=record.source,
    )


@dataclass(frozen=True, slots=True)
class Check:
    """What came of checking a recipe here: the code version here, and warnings in words."""

    code_version: str
    warnings: tuple[str, ...] = ()
    warnings_zh: tuple[str, ...] = ()


def check_recipe(recipe: Recipe, horizon_days: int, accept_other_code: bool) -> Check:
    """Check that a recipe can be followed here.

    Raises:
        ConfigError: if the forecaster is unknown here, or is other code than the recipe was made
            with and `accept_other_code` is False.
    """
    try:
        here = code_version(recipe.model)
    except PluginError as exc:
        raise ConfigError(f"The recipe cannot be followed here. {exc}") from exc
    warnings: list[str] = []
    warnings_zh: list[str] = []
    name = canonical_name(recipe.model)
    if recipe.code_version != here:
        told = recipe.code_version or "unknown"
        said = f"{name} is other code here (version {here}) than in the recipe ({told})"
        if not accept_other_code:
            raise ConfigError(f"{said}. Accept that to import it all the same.")
        warnings.append(f"{said}: its figures say little about what it does here.")
        warnings_zh.append(
            f"本机 {name} 的代码版本（{here}）与配方（{told}）不同，配方中的指标仅供参考。"
        )
    if recipe.quantiles != LEVELS:
        warnings.append(f"Made for quantiles {list(recipe.quantiles)}; asked here: {list(LEVELS)}.")
        warnings_zh.append(f"配方分位数为 {list(recipe.quantiles)}，此处使用 {list(LEVELS)}。")
    if recipe.horizon_days != horizon_days:
        warnings.append(f"Made for {recipe.horizon_days} days ahead; asked here: {horizon_days}.")
        warnings_zh.append(f"配方预测 {recipe.horizon_days} 天，此处预测 {horizon_days} 天。")
    return Check(here, tuple(warnings), tuple(warnings_zh))
