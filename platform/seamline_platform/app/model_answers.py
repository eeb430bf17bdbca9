"""What the API answers about models, and what people do to them through it."""

import importlib.metadata
from collections.abc import Callable

from seamline_broker.errors import ConfigError
from seamline_platform.api.model_models import (
    ForecastModel,
    ModelHappening,
    ModelImport,
    ModelImported,
    ModelList,
    ModelMetrics,
    ModelRecipe,
)
from seamline_platform.api.problems import RequestError
from seamline_platform.app.register import ModelRegister
from seamline_platform.app.sql import NIGHTS_OF_MODELS, integer, text
from seamline_platform.demand.protocol import canonical_name
from seamline_platform.demand.recipe import Recipe, check_recipe, recipe_of
from seamline_platform.demand.registry import ModelRecord, Register
from seamline_platform.store.store import Store

EVENTS = 50


class ModelAnswers:
    """Serves `/api/models`."""

    def __init__(
        self,
        store: Store,
        register: ModelRegister,
        horizon_days: int,
        now_ms: Callable[[], int],
        training: Callable[[], tuple[str, int]],
    ) -> None:
        """Serve the models of one plant.

        Args:
            store: for counts of nights.
            register: the models.
            horizon_days: days ahead that this plant forecasts.
            now_ms: plant time.
            training: returns (id of what is being trained or "", plant time of the next training
                by the schedule or 0).
        """
        self._store = store
        self._register = register
        self._horizon_days = horizon_days
        self._now_ms = now_ms
        self._training = training

    def listing(self) -> ModelList:
        """Return the register, newest model first."""
        state = self._register.state
        counts = {
            text(row["model_id"]): (integer(row["nights"]), integer(row["fallbacks"]))
            for row in self._store.read(NIGHTS_OF_MODELS)
        }
        training, next_ms = self._training()
        return ModelList(
            champion=state.champion_id,
            rollback_to=state.earlier[-1] if state.earlier else "",
            next_training_ms=next_ms,
            training=training,
            models=[
                _model(record, state, counts.get(record.id, (0, 0)))
                for record in reversed(list(state.records.values()))
            ],
            events=[
                ModelHappening(
                    seq=e.seq,
                    plant_ms=e.plant_ms,
                    kind=e.kind,
                    model_id=e.model_id,
                    cause=e.cause,
                    note=e.note,
                    note_zh=e.note_zh,
                )
                for e in reversed(state.events[-EVENTS:])
            ],
        )

    def promote(self, model_id: str) -> ModelList:
        """Make a model the champion.

        Raises:
            RequestError: 404 if there is no such model, 409 if it cannot be promoted.
        """
        self._known(model_id)
        try:
            self._register.promote(
                model_id, self._now_ms(), "person", "promoted by a person", "人工提升"
            )
        except ConfigError as exc:
            raise RequestError(409, str(exc), "a candidate, or a model that was champion") from exc
        return self.listing()

    def rollback(self) -> ModelList:
        """Return to the champion before.

        Raises:
            RequestError: 409 if there is none.
        """
        try:
            self._register.rollback(self._now_ms(), "person", "rolled back by a person", "人工回退")
        except ConfigError as exc:
            raise RequestError(409, str(exc), "a champion before this one") from exc
        return self.listing()

    def recipe(self, model_id: str) -> ModelRecipe:
        """Return how to train a model elsewhere.

        Raises:
            RequestError: 404 if there is no such model.
        """
        record = self._known(model_id)
        version = importlib.metadata.version("seamline")
        return ModelRecipe.model_validate(recipe_of(record, self._horizon_days, version).document())

    def bring(self, request: ModelImport) -> ModelImported:
        """Register a model by its recipe; it is trained and measured before the next night.

        Raises:
            RequestError: 409 if it cannot be followed here.
        """
        try:
            recipe = Recipe.read(request.recipe.model_dump())
            check = check_recipe(recipe, self._horizon_days, request.accept_other_code)
        except ConfigError as exc:
            raise RequestError(409, str(exc), "a recipe that can be followed here") from exc
        record = self._register.new(
            canonical_name(recipe.model),
            "import",
            self._now_ms(),
            recipe.params,
            recalibrate=recipe.recalibrate,
            code_version=check.code_version,
            source=recipe.source,
            note=" ".join(check.warnings),
            note_zh="".join(check.warnings_zh),
        )
        return ModelImported(
            id=record.id, warnings=list(check.warnings), warnings_zh=list(check.warnings_zh)
        )

    def _known(self, model_id: str) -> ModelRecord:
        state = self._register.state
        record = state.records.get(model_id)
        if record is None:
            raise RequestError(
                404, f"Model {model_id[:80]!r}", "an id of /api/models", list(state.records)[-8:]
            )
        return record


def _model(record: ModelRecord, state: Register, counts: tuple[int, int]) -> ForecastModel:
    m = record.metrics
    return ForecastModel(
        id=record.id,
        model=record.model,
        status=state.status(record.id),
        params=dict(record.params),  # type: ignore[arg-type]  # plain JSON
        code_version=record.code_version,
        data_hash=record.data_hash,
        rows=record.rows,
        series=record.series,
        trained_ms=record.trained_ms,
        seconds=record.seconds,
        rss_mb=record.rss_mb,
        metrics=None
        if m is None
        else ModelMetrics(
            origins=m.origins,
            days=m.days,
            values=m.values,
            pinball=m.pinball,
            coverage_80=m.coverage_80,
            bias=m.bias,
            naive_pinball=m.naive_pinball,
            skill=m.skill,
        ),
        kept=record.kept,
        recalibrate=record.recalibrate,
        cause=record.cause,
        source=record.source,
        nights=counts[0],
        fallbacks=counts[1],
        note=record.note,
        note_zh=record.note_zh,
    )
