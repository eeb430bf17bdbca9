"""Tasks as YAML: what comes along is sound, and an error names line, key and what is allowed."""

from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.demand.protocol import forecaster_names
from seamline_platform.experiments.forecasting.loaders import dataset_names
from seamline_platform.experiments.forecasting.task import load_task, parse_task, task_names

NAMES = {
    "m3_monthly", "m3_quarterly", "m3_yearly", "m3_other", "m4_hourly", "m4_weekly", "carparts",
    "hospital", "weekly_transactions", "walmart", "market_mature", "market_new_style",
    "market_censored", "market_promotion", "market_livestream",
}  # fmt: skip
GOOD = """name: mine
title: My own
dataset: file
file: sales.csv
horizon: 4
season_length: 1
metric: mase
"""


def test_all_tasks_of_the_benchmark_come_along() -> None:
    assert set(task_names()) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_task_that_comes_along_can_be_read(name: str) -> None:
    task = load_task(name)
    assert task.name == name
    assert task.dataset in dataset_names()
    assert task.about
    assert set(task.past_only) <= set(task.covariates)
    assert set(task.not_for) <= set(forecaster_names()), "a model that is not registered"
    assert all(set(level) <= set(task.static) for level in task.hierarchy)


def test_a_task_of_my_own_finds_its_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    task = load_task(str(path))
    assert task.name == "mine"
    assert Path(task.file) == tmp_path / "sales.csv"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("horizon: many", "mine.yaml, line 8: horizon is 'many'; allowed: a whole number, 0 or"),
        ("metric: beauty", "line 8: metric is 'beauty'; allowed: mase, rmsse, smape, owa"),
        ("frequency: fortnight", "line 8: frequency is 'fortnight'; allowed: h, D, W, MS"),
        ("colour: red", "line 8: there is no key 'colour'; allowed: about, "),
        ("name: again", "line 8: 'name' comes twice; allowed: once"),
        ("nonnegative: 3", "line 8: nonnegative is 3; allowed: true or false"),
        ("levels: [0.9, 0.1]", "line 8: levels is [0.9, 0.1]; allowed: a list of rising"),
        ("static: style", "line 8: static is 'style'; allowed: a list of column names"),
        ("terms: {lead_time: soon}", "line 8: lead_time is 'soon'; allowed: a whole number"),
        ("terms: {unmet: cry}", "line 8: unmet is 'cry'; allowed: lost, backorder"),
        ("terms: {underage: 0}", "line 8: underage is 0; allowed: a number above 0"),
        ("terms: 3", "line 8: terms is '3'; allowed: a mapping"),
        ("published: {Naive: 3}", "line 8: published is {'Naive': 3}; allowed: model: {metric:"),
        ("terms: {lead_time: 2}", "decisions need decision_origins >= 2"),
        ("windows: 0", "windows is 0; allowed: 1 or more"),
        ("x: [", "is no YAML"),
    ],
)
def test_an_error_names_line_key_and_what_is_allowed(line: str, said: str) -> None:
    text = GOOD.replace("metric: mase\n", "") if line.startswith("metric") else GOOD
    text = text.replace("horizon: 4\n", "") if line.startswith("horizon") else text
    text += "# one more\n" * (7 - text.count("\n")) + line + "\n"
    with pytest.raises(ConfigError) as caught:
        parse_task(text, "mine.yaml")
    assert said in str(caught.value)


def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="'horizon' is missing; a task needs name, title"):
        parse_task(GOOD.replace("horizon: 4\n", ""), "mine.yaml")


def test_an_unknown_task_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match=r"no task 'm5'; tasks: m3_monthly, .*m4_hourly"):
        load_task("m5")


def test_a_task_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_task(str(tmp_path / "none.yaml"))


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("name: mine", "name: m4_hourly"))
    with pytest.raises(ConfigError, match="taken by a task that comes along"):
        load_task(str(path))


@pytest.mark.parametrize("text", ["- a list", "just words", ""])
def test_a_task_is_a_mapping(text: str) -> None:
    with pytest.raises(ConfigError, match="a task is a mapping"):
        parse_task(text, "mine.yaml")
