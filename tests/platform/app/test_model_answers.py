"""The register as people act on it through the API, and a recipe that goes to another plant."""

import asyncio
from collections.abc import Callable

import pytest

from seamline_platform.api.model_models import ModelImport, ModelRecipe
from seamline_platform.api.problems import RequestError
from seamline_platform.app.model_answers import ModelAnswers


def answers(plant) -> ModelAnswers:  # the plant of conftest
    return ModelAnswers(
        plant.store, plant.register, plant.settings.horizon_days, lambda: plant.now_ms,
        lambda: (plant.trainer.training, plant.trainer.next_ms()),
    )  # fmt: skip


def test_the_list_tells_nights_metrics_and_what_comes_next(make_plant: Callable) -> None:
    plant = make_plant()
    asyncio.run(plant.night())
    assert asyncio.run(plant.train()).startswith("Measured")
    asyncio.run(plant.day_and_night())
    found = answers(plant).listing()
    (model,) = found.models
    assert (model.status, model.nights, model.fallbacks) == ("champion", 2, 0)
    assert model.metrics is not None
    assert model.metrics.skill == pytest.approx(0.0)
    assert found.next_training_ms == (plant.day - 1 + 7) * 86_400_000
    assert [event.kind for event in found.events] == ["promoted", "registered"]
    assert (found.rollback_to, found.training) == ("", "")


def test_a_recipe_is_followed_on_another_plant(make_plant: Callable) -> None:
    here, there = make_plant(), make_plant(model="seasonal_naive")
    asyncio.run(here.night())
    asyncio.run(there.night())
    record = here.register.new("SeasonalNaive", "person", here.now_ms, {"weeks": 4})
    here.register.promote(record.id, here.now_ms, "person")
    asyncio.run(here.day_and_night())
    recipe = answers(here).recipe(record.id)
    assert recipe.params == {"weeks": 4}
    assert recipe.source == "this run"

    imported = answers(there).bring(ModelImport(recipe=recipe))
    assert imported.warnings == []
    assert "Promote it" in asyncio.run(there.train())
    listed = answers(there).promote(imported.id)
    assert listed.champion == imported.id
    assert there.requests[-1].options["weeks"] == 4
    night, _ = asyncio.run(there.day_and_night())
    assert imported.id in night.note
    assert listed.rollback_to == answers(there).rollback().champion


def test_other_code_is_refused_unless_accepted(make_plant: Callable) -> None:
    plant = make_plant()
    asyncio.run(plant.night())
    recipe = answers(plant).recipe(plant.register.champion.id)
    other = recipe.model_copy(update={"code_version": "ffffffffffffffff"})
    with pytest.raises(RequestError, match="other code here") as refused:
        answers(plant).bring(ModelImport(recipe=other))
    assert refused.value.status == 409
    imported = answers(plant).bring(ModelImport(recipe=other, accept_other_code=True))
    assert "other code here" in imported.warnings[0]


def test_what_cannot_be_done_has_a_status(make_plant: Callable) -> None:
    plant = make_plant()
    asyncio.run(plant.night())
    serve, champion = answers(plant), plant.register.champion.id
    cases = [
        (404, lambda: serve.promote("m-none")),
        (404, lambda: serve.recipe("m-none")),
        (409, lambda: serve.promote(champion)),
        (409, serve.rollback),
        (409, lambda: serve.bring(
            ModelImport(recipe=ModelRecipe(model="CrystalBall", quantiles=[0.5]))
        )),
        (409, lambda: serve.bring(
            ModelImport(recipe=ModelRecipe(model="SeasonalNaive", quantiles=[0.9, 0.5]))
        )),
    ]  # fmt: skip
    for status, act in cases:
        with pytest.raises(RequestError) as refused:
            act()
        assert refused.value.status == status


def test_only_a_few_trained_states_stay(make_plant: Callable, learner: str) -> None:
    plant = make_plant(model=learner, retrain_days=1, drift=False, recalibrate=False)
    asyncio.run(plant.night())
    for _ in range(7):
        asyncio.run(plant.day_and_night())
    states = sorted((plant.folder / "models").glob("*.state"))
    records = plant.register.state.records
    assert len(records) == 8
    assert len(states) == 5
    assert {s.stem for s in states} == {r.id for r in records.values() if r.kept}
    assert plant.register.champion.kept


def test_corrections_follow_earlier_nights(make_plant: Callable, learner: str) -> None:
    """A model three times too low: after some nights its quantiles are near what is sold."""
    plant = make_plant(model="SeasonalNaive", retrain_days=0, drift=False)
    asyncio.run(plant.night())
    low = plant.register.new(learner, "person", plant.now_ms, {"factor": 1 / 3})
    plant.register.promote(low.id, plant.now_ms, "person")
    notes = [asyncio.run(plant.day_and_night())[0].note for _ in range(6)]
    assert "corrected by" not in notes[0]
    assert "corrected by" in notes[-1]
    rows = plant.store.read(
        "SELECT scored_ts, coverage_80, bias FROM forecast_scores s JOIN forecast_nights n "
        "ON n.origin_ts = s.origin_ts WHERE n.model_id = ? AND horizon_days = 1 ORDER BY scored_ts",
        [low.id],
    )
    assert rows[0]["coverage_80"] < 0.5
    assert rows[-1]["coverage_80"] > 0.7
    raw = plant.column(
        "SELECT sum(value) / sum(raw) FROM forecasts WHERE quantile = 0.5 AND raw IS NOT NULL "
        "GROUP BY origin_ts ORDER BY origin_ts"
    )
    assert raw[-1] > 2.0
