"""The register as a fold of events, and recipes: what they carry and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_broker.errors import ConfigError, PluginError
from seamline_platform.demand.codeversion import code_version
from seamline_platform.demand.protocol import LEVELS
from seamline_platform.demand.recipe import MAX_CHARACTERS, Recipe, check_recipe, recipe_of
from seamline_platform.demand.registry import (
    Metrics,
    ModelEvent,
    ModelRecord,
    Register,
    fold,
)


def register_of(*ids: str) -> Register:
    """Return a register in which each id was promoted in turn."""
    register = Register()
    for at, name in enumerate(ids):
        if name not in register.records:
            register = register.with_record(ModelRecord(name, "SeasonalNaive"))
        register = register.with_event(register.promotion(name, at + 1, "person"))
    return register


def test_the_last_promoted_is_champion_and_those_before_are_a_stack() -> None:
    register = register_of("a", "b", "c")
    assert (register.champion_id, register.earlier) == ("c", ("a", "b"))
    register = register.with_event(register.rollback(9, "person"))
    assert (register.champion_id, register.earlier, register.since_ms) == ("b", ("a",), 9)
    assert register.status("c") == "retired"
    register = register.with_event(register.rollback(9, "person"))
    assert (register.champion_id, register.earlier) == ("a", ())
    with pytest.raises(ConfigError, match="no earlier champion"):
        register.rollback(9, "person")


def test_promoting_an_earlier_champion_moves_it_to_the_top() -> None:
    register = register_of("a", "b", "a")
    assert (register.champion_id, register.earlier) == ("a", ("b",))


def test_a_failed_model_is_neither_promoted_nor_returned_to() -> None:
    register = register_of("a", "b", "c")
    failed = ModelEvent(register.next_seq, 5, "failed", "b", "fallback", "broke")
    register = register.with_event(failed)
    assert register.status("b") == "failed"
    with pytest.raises(ConfigError, match="has failed"):
        register.promotion("b", 6, "person")
    assert register.rollback(6, "person").model_id == "a"


def test_what_is_unknown_or_champion_already_is_refused() -> None:
    register = register_of("a")
    with pytest.raises(ConfigError, match="no model 'x'; the newest are: a"):
        register.promotion("x", 1, "person")
    with pytest.raises(ConfigError, match="champion already"):
        register.promotion("a", 1, "person")


@given(st.lists(st.sampled_from(["a", "b", "c", "back", "fail"]), max_size=25))
def test_whatever_happens_a_restart_folds_to_the_same_register(acts: list[str]) -> None:
    register = Register()
    for name in "abc":
        register = register.with_record(ModelRecord(name, "SeasonalNaive"))
    for at, act in enumerate(acts):
        try:
            if act == "back":
                event = register.rollback(at, "person")
            elif act == "fail":
                to_fail = register.champion_id or "a"
                event = ModelEvent(register.next_seq, at, "failed", to_fail, "fallback")
            else:
                event = register.promotion(act, at, "person")
        except ConfigError:
            continue
        register = register.with_event(event)
        assert register.champion_id not in register.earlier
        assert not set(register.earlier) & register.failed
        assert [register.status(i) for i in "abc"].count("champion") <= 1
    assert fold(register.records.values(), register.events) == register


def test_events_of_lost_records_do_not_stop_a_restart() -> None:
    register = register_of("a", "b")
    assert fold([register.records["a"]], register.events).champion_id == "a"


RECORD = ModelRecord(
    "m-1", "SeasonalNaive", {"weeks": 8}, code_version=code_version("SeasonalNaive"),
    metrics=Metrics(2, 14, 500, 1.25, 0.8, -0.02, 1.5), source="run 7",
)  # fmt: skip


def test_a_recipe_survives_its_file_and_is_taken_elsewhere() -> None:
    recipe = recipe_of(RECORD, 14, "0.1.0")
    text = json.dumps(recipe.document())
    assert Recipe.parse(text) == recipe
    assert recipe.metrics["skill"] == pytest.approx(1 - 1.25 / 1.5, abs=1e-6)
    assert "state" not in text
    check = check_recipe(recipe, 14, accept_other_code=False)
    assert (check.warnings, check.code_version) == ((), RECORD.code_version)


def test_other_code_is_refused_or_accepted_with_a_warning() -> None:
    recipe = replace(recipe_of(RECORD, 14, "0.1.0"), code_version="0123456789abcdef")
    with pytest.raises(ConfigError, match="other code here"):
        check_recipe(recipe, 14, accept_other_code=False)
    check = check_recipe(recipe, 14, accept_other_code=True)
    assert "other code here" in check.warnings[0]
    assert len(check.warnings_zh) == 1


def test_other_levels_and_horizon_are_told() -> None:
    recipe = replace(recipe_of(RECORD, 14, ""), quantiles=(0.5,), horizon_days=28)
    warnings = check_recipe(recipe, 14, accept_other_code=False).warnings
    assert len(warnings) == 2
    assert "28 days" in warnings[1]
    assert str(list(LEVELS)) in warnings[0]


@pytest.mark.parametrize("spec", ["CrystalBall", "gone.py:Gone"])
def test_an_unknown_forecaster_is_refused(spec: str) -> None:
    recipe = replace(recipe_of(RECORD, 14, ""), model=spec)
    with pytest.raises(ConfigError, match="cannot be followed here"):
        check_recipe(recipe, 14, accept_other_code=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "x"}, "no recipe"),
        ({"version": 9}, "version 9"),
        ({"quantiles": [0.9, 0.1]}, "rise"),
        ({"quantiles": "high"}, "not readable"),
        ({"params": {"a": [1]}}, "numbers, texts"),
        ({"horizon_days": 400}, "90 days"),
        ({"state": "gASV"}, "not readable"),
        ({"model": ""}, "names a forecaster"),
    ],
)
def test_what_is_no_recipe_is_refused(change: dict[str, object], words: str) -> None:
    document = recipe_of(RECORD, 14, "").document() | change
    with pytest.raises(ConfigError, match=words):
        Recipe.parse(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "\x80\x04", "[" * 9_000, "x" * (MAX_CHARACTERS + 1)])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Recipe.parse(text)


def test_the_code_version_follows_the_file_and_not_its_place(tmp_path: Path) -> None:
    one, two = tmp_path / "mine.py", tmp_path / "b" / "mine.py"
    two.parent.mkdir()
    for path in (one, two):
        path.write_text("class Mine: pass\n")
    assert code_version(f"{one}:Mine") == code_version(f"{two}:Mine")
    two.write_text("class Mine: pass  # edited\n")
    assert code_version(f"{one}:Mine") != code_version(f"{two}:Mine")
    assert code_version("seasonal_naive") == code_version("HistGradientBoosting")
    with pytest.raises(PluginError, match="No forecaster is named"):
        code_version("CrystalBall")


@pytest.mark.parametrize(
    "wrong", [{"id": ""}, {"model": ""}, {"cause": "whim"}],
)  # fmt: skip
def test_a_record_without_sense_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"needs an id|came by"):
        ModelRecord(**{"id": "m", "model": "Naive", **wrong})  # type: ignore[arg-type]


def test_an_event_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no event"):
        ModelEvent(1, 1, "exploded", "m", "person")
