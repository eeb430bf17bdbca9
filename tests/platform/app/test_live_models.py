"""Nights with a register of models: trained, kept, retrained on schedule and drift, rolled back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seamline_platform.app.nightly import BrainSettings
from seamline_platform.app.training import Due
from seamline_platform.demand.registry import Metrics
from seamline_platform.settings import Settings


def test_the_first_night_trains_and_the_next_use_what_is_kept(
    make_plant: Callable, learner: str
) -> None:
    plant = make_plant(model=learner)
    night = asyncio.run(plant.night())
    champion = plant.register.champion
    assert champion is not None
    assert (champion.kept, champion.series, champion.cause) == (True, 36, "start")
    assert "trained" in night.note
    assert night.orders
    for _ in range(3):
        plant.sell(1)
        night = asyncio.run(plant.night())
        assert "kept state" in night.note, night.note
    assert plant.column("SELECT trained FROM forecast_nights ORDER BY origin_ts") == [
        True, False, False, False,
    ]  # fmt: skip
    assert plant.register.champion.trained_ms == champion.trained_ms
    state = Path(plant.register.kept_file(champion.id).path)
    assert state.stat().st_mode & 0o777 == 0o600


def test_a_restart_knows_champion_and_kept_state(make_plant: Callable, learner: str) -> None:
    plant = make_plant(model=learner)
    asyncio.run(plant.night())
    before = plant.register.state
    plant.close()
    plant.open()
    assert plant.register.state == before
    plant.sell(1)
    assert "kept state" in asyncio.run(plant.night()).note


def test_an_altered_state_is_refused_and_trained_again(make_plant: Callable, learner: str) -> None:
    plant = make_plant(model=learner)
    asyncio.run(plant.night())
    path = Path(plant.register.kept_file(plant.register.champion.id).path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    plant.sell(1)
    night = asyncio.run(plant.night())
    assert "not signed by this run" in night.note
    assert plant.column("SELECT status FROM forecast_nights") == ["ok", "ok"]
    plant.sell(1)
    assert "kept state" in asyncio.run(plant.night()).note


def test_after_its_days_the_champion_is_trained_anew_and_takes_over(
    make_plant: Callable, learner: str
) -> None:
    plant = make_plant(model=learner, retrain_days=5, drift=False, recalibrate=False)

    async def week() -> list[str]:
        await plant.night()
        said = [await plant.train()]
        for _ in range(5):
            said.append((await plant.day_and_night())[1])
        return said

    said = asyncio.run(week())
    assert said[0].startswith("Measured m-")
    assert said[1:5] == [""] * 4
    assert "every 5 days" in said[5]
    assert "from the next night on" in said[5]
    state = plant.register.state
    assert state.champion.cause == "schedule"
    assert state.champion.metrics.days == 14
    assert [state.status(i) for i in state.records] == ["retired", "champion"]
    night, _ = asyncio.run(plant.day_and_night())
    assert state.champion_id in night.note


@pytest.mark.parametrize("times", [1.8, 0.5])
def test_a_planted_drift_is_found_and_the_model_is_trained_again(
    make_plant: Callable, learner: str, times: float
) -> None:
    plant = make_plant(model=learner, retrain_days=0, recalibrate=False)

    async def season() -> list[str]:
        await plant.night()
        await plant.train()
        said = [(await plant.day_and_night())[1] for _ in range(14)]
        assert said == [""] * 14, "no alarm before the drift"
        return [(await plant.day_and_night(times))[1] for _ in range(10)]

    said = asyncio.run(season())
    found = next(i for i, words in enumerate(said) if words)
    assert found <= 8
    assert "drifted" in said[found] or "errors have grown" in said[found]
    state = plant.register.state
    kinds = [e.kind for e in state.events]
    at = kinds.index("drift")
    assert kinds[at : at + 3] == ["drift", "registered", "promoted"]
    assert state.champion.cause == "drift"


def test_a_promotion_changes_the_next_night_and_a_rollback_returns(
    make_plant: Callable, learner: str
) -> None:
    plant = make_plant(model="SeasonalNaive", recalibrate=False)

    async def season() -> list[str]:
        first = await plant.night()
        high = plant.register.new(learner, "import", plant.now_ms, {"factor": 3.0})
        assert plant.trainer.waiting()
        said = await plant.train()
        assert "Promote it" in said
        assert plant.register.state.status(high.id) == "candidate"
        second = (await plant.day_and_night())[0]
        plant.register.promote(high.id, plant.now_ms, "person")
        third = (await plant.day_and_night())[0]
        plant.register.rollback(plant.now_ms, "person")
        fourth = (await plant.day_and_night())[0]
        return [first.note, second.note, third.note, fourth.note]

    notes = asyncio.run(season())
    assert ["Learner" in note for note in notes] == [False, False, True, False]
    models = plant.column("SELECT model FROM forecast_nights ORDER BY origin_ts")
    assert models == ["SeasonalNaive", "SeasonalNaive", learner, "SeasonalNaive"]
    medians = plant.column(
        "SELECT sum(value) FROM forecasts WHERE quantile = 0.5 GROUP BY origin_ts "
        "ORDER BY origin_ts"
    )
    assert medians[2] > 2 * medians[1]
    assert medians[3] < 0.5 * medians[2]


def test_other_settings_name_another_champion(make_plant: Callable, learner: str) -> None:
    plant = make_plant(model="SeasonalNaive")
    asyncio.run(plant.night())
    first = plant.register.champion.id
    plant.close()
    plant.settings = type(plant.settings)(model=learner)
    plant.open()
    plant.sell(1)
    asyncio.run(plant.night())
    assert plant.register.champion.model == learner
    assert plant.register.champion.cause == "settings"
    assert plant.register.state.earlier == (first,)
    plant.sell(1)
    asyncio.run(plant.night())
    assert len(plant.register.state.records) == 2


def test_three_failed_nights_roll_back_to_the_last_good_champion(
    make_plant: Callable, tmp_path: Path
) -> None:
    path = tmp_path / "bad.py"
    path.write_text(
        "class Bad:\n    def forecast(self, history, horizon, quantiles):\n"
        "        raise RuntimeError('out of thread')\n"
    )
    plant = make_plant(model="SeasonalNaive")

    async def season() -> list[str]:
        await plant.night()
        bad = plant.register.new(f"{path}:Bad", "person", plant.now_ms)
        plant.register.promote(bad.id, plant.now_ms, "person")
        return [(await plant.day_and_night())[0].note for _ in range(4)]

    notes = asyncio.run(season())
    assert all("out of thread" in note for note in notes[:3])
    assert "rolled back to" in notes[2]
    assert "rolled back" not in notes[1]
    assert "SeasonalNaive" in notes[3]
    state = plant.register.state
    assert sorted(state.status(i) for i in state.records) == ["champion", "failed"]
    assert plant.column("SELECT status FROM forecast_nights ORDER BY origin_ts") == [
        "ok", "fallback", "fallback", "fallback", "ok",
    ]  # fmt: skip


def test_without_an_earlier_champion_the_night_says_so_and_goes_on(
    make_plant: Callable, tmp_path: Path
) -> None:
    plant = make_plant(model=str(tmp_path / "gone.py:Gone"))

    async def season() -> list[str]:
        return [(await plant.day_and_night())[0].note for _ in range(3)]

    notes = asyncio.run(season())
    assert "no earlier champion" in notes[2]
    assert plant.column("SELECT count(*) FROM orders")[0] > 0


def test_a_training_that_fails_leaves_the_champion(make_plant: Callable, learner: str) -> None:
    plant = make_plant(model=learner, retrain_days=2, drift=False)
    in_process = plant.run

    async def not_by_day(request, timeout_s: float):
        if request.origins:
            request = replace(request, model="gone.py:Gone", kept=None)
        return await in_process(request, timeout_s)

    plant.run = not_by_day
    plant.wire()
    asyncio.run(plant.night())
    champion = plant.register.champion.id
    for _ in range(2):
        _, said = asyncio.run(plant.day_and_night())
    assert "gone.py" in said
    assert "failed" in said
    state = plant.register.state
    assert state.champion_id == champion
    assert [state.status(i) for i in state.records] == ["champion", "failed"]
    night, _ = asyncio.run(plant.day_and_night())
    assert champion in night.note


@pytest.mark.parametrize(
    ("cause", "skills", "takes_over"),
    [
        ("schedule", (0.2, 0.1), True),
        ("schedule", (0.2, -0.1), False),
        ("schedule", (-0.2, -0.1), True),
        ("drift", (0.2, -0.1), True),
    ],
)
def test_what_is_worse_than_naive_stays_behind_where_the_champion_was_not(
    make_plant: Callable, cause: str, skills: tuple[float, float], takes_over: bool
) -> None:
    plant = make_plant()
    asyncio.run(plant.night())
    old, new = (
        replace(plant.register.champion, metrics=Metrics(2, 14, 9, 1 - skill, 0.8, 0.0, 1.0))
        for skill in skills
    )
    plant.register.put(old)
    candidate = replace(plant.register.new(old.model, cause, plant.now_ms), metrics=new.metrics)
    plant.register.put(candidate)
    words, _ = plant.trainer._take_over(Due(cause, old, "", ""), candidate, plant.now_ms)
    assert (plant.register.champion.id == candidate.id) is takes_over
    assert ("from the next night on" in words) is takes_over
    later, _ = plant.trainer._take_over(Due(cause, candidate, "", ""), old, plant.now_ms)
    assert ("Somebody chose another" in later) is not takes_over


def test_a_training_too_slow_for_a_night_is_done_by_day(make_plant: Callable, learner: str) -> None:
    plant = make_plant(model=learner)
    in_process = plant.run

    async def in_time(request, timeout_s: float):
        if timeout_s < 100 and request.refit:
            request = replace(request, model="gone.py:Slow", kept=None)
        return await in_process(request, timeout_s)

    plant.run = in_time
    plant.wire()
    first = asyncio.run(plant.night())
    assert "seasonal naive took its place" in first.note
    assert "no forecast" in asyncio.run(plant.train())
    champion = plant.register.champion
    assert champion.kept
    assert champion.metrics is not None
    night, said = asyncio.run(plant.day_and_night())
    assert "kept state" in night.note
    assert said == ""


def test_sales_come_with_what_the_catalogue_knows(make_plant: Callable) -> None:
    plant = make_plant()
    table = plant.brain.history(plant.day * 86_400_000)
    row = table.slice(0, 1).to_pylist()[0]
    assert row["unique_id"] == "TS01-BLK-L@east"
    facts = [row[name] for name in ("style", "colour", "size", "region", "category", "fabric")]
    assert facts == ["TS01", "BLK", "L", "east", "tee", "cotton-1"]


def test_the_demand_brain_is_the_first_champion_and_orders_by_its_own_sums(
    make_plant: Callable,
) -> None:
    model = BrainSettings().model
    assert Settings().demand.model == model == "DemandBrain"
    plant = make_plant(model=model)
    night = asyncio.run(plant.night())
    assert plant.column("SELECT status || aggregation FROM forecast_nights") == ["okown sums"]
    assert night.orders
