"""Cards are run again: what is true is confirmed, and a tampered card is caught."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seamline_platform.cli.main import app
from seamline_platform.experiments.forecasting import cardfile, study, verify
from seamline_platform.experiments.forecasting.board import write_board
from seamline_platform.experiments.forecasting.card import read_card, write_card
from seamline_platform.experiments.forecasting.contract import Result
from seamline_platform.experiments.forecasting.verify import verify_card

MINE = """
import numpy as np
from seamline_platform.demand.frame import forecast_table, panel_of

class Mine:
    def forecast(self, history, horizon, quantiles):
        panel = panel_of(history)
        spread = np.quantile(np.nan_to_num(panel.y), quantiles, axis=1).T
        values = np.repeat(spread[:, None, :], horizon, axis=1)
        return forecast_table(panel.ids, panel.next_period, quantiles, values, panel.freq)
"""
TASK = """
name: own
title: My own series
dataset: file
file: own.csv
horizon: 2
season_length: 4
frequency: int
metric: mase
windows: 2
terms: {lead_time: 1, review: 1, underage: 4, overage: 1}
decision_origins: 4
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("verify")
    (folder / "mine.py").write_text(MINE)
    (folder / "own.yaml").write_text(TASK)
    rows = [f"S{s},{t},{3 + s + (t * (7 + s)) % 5}" for s in range(6) for t in range(40)]
    (folder / "own.csv").write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    options = study.Options(
        tasks=(str(folder / "own.yaml"),), models=(f"{folder / 'mine.py'}:Mine",), seed=3,
        out=folder / "kept", jobs=1,
    )  # fmt: skip
    result = study.run(options)
    assert [score.status for score in result.tasks[0].models] == ["ok"] * 3
    return folder, result


@pytest.fixture
def card(made: tuple[Path, Result], tmp_path: Path) -> Path:
    files = write_card(made[1], tmp_path / "cards")
    return next(file for file in files if "Mine" in file.name)


@pytest.fixture
def known_again(made: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """Saves the time of a second run where only the comparison is tested."""
    monkeypatch.setattr(study, "run_tasks", lambda tasks, options: made[1])


def change(card: Path, edit: Callable[[dict[str, Any]], object], seal: bool = True) -> Path:
    document = json.loads(card.read_text())
    edit(document)
    body = {key: value for key, value in document.items() if key != "seal"}
    if seal:
        document = {**body, "seal": cardfile.digest(body)}
    card.write_text(json.dumps(document))
    return card


def test_a_true_card_is_confirmed_by_a_second_run(card: Path) -> None:
    found = verify_card(card)
    assert (found.exit_code, found.differences, found.notes) == (0, (), ())
    assert found.compared > 100
    assert found.tolerance == 1e-9
    assert "Confirmed" in found.text()


@pytest.mark.usefixtures("known_again")
@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda d: d["score"]["metrics"].update(mase=0.5), "metrics mase"),
        (lambda d: d["score"]["intervals"]["mase"].__setitem__(0, 0.1), "intervals mase [0]"),
        (lambda d: d["score"]["metrics"].pop("rmsse"), "metrics rmsse"),
        (lambda d: d["decision"].update(cost=1.0), "decision cost"),
        (lambda d: d["decision"]["parts"].update(holding=0.0), "decision parts holding"),
        (lambda d: d["decision"]["versus"]["SeasonalNaive"].__setitem__(0, -0.9),
         "against SeasonalNaive [0]"),
        (lambda d: d["decision"].update(aggregation="own"), "aggregation"),
        (lambda d: d.update(decision=None), "decisions"),
        (lambda d: d["score"].update(status="failed"), "status"),
        (lambda d: d.update(data_sha256="0" * 64), "data (sha-256)"),
        (lambda d: d["task"].update(horizon=3), "hash of the task"),
        (lambda d: (d["score"].update(model_hash="00"), d["model"].update(sha256="00")),
         "hash of the model (code, file, libraries)"),
    ],
)  # fmt: skip
def test_a_tampered_card_is_caught_though_its_seal_is_new(
    card: Path, edit: Callable[[dict[str, Any]], object], what: str
) -> None:
    found = verify_card(change(card, edit))
    assert found.exit_code == 1
    assert what in [difference.what for difference in found.differences]
    assert what in found.text()


@pytest.mark.usefixtures("known_again")
def test_what_depends_on_the_other_models_of_a_run_is_not_compared(card: Path) -> None:
    found = verify_card(change(card, lambda d: d["decision"]["parts"].update(nemenyi_p=0.123)))
    assert (found.exit_code, found.differences) == (0, ())


@pytest.mark.usefixtures("known_again")
def test_an_edit_without_a_new_seal_is_named(card: Path) -> None:
    found = verify_card(change(card, lambda d: d["score"]["cost"].update(rss_mb=1.0), seal=False))
    assert [difference.what for difference in found.differences] == ["seal"]


@pytest.mark.usefixtures("known_again")
def test_the_last_digits_count_on_equal_versions_and_are_allowed_on_others(card: Path) -> None:
    def nudge(document: dict[str, Any]) -> None:
        document["score"]["metrics"]["mase"] *= 1 + 1e-7

    found = verify_card(change(card, nudge))
    assert [difference.what for difference in found.differences] == ["metrics mase"]
    found = verify_card(change(card, lambda d: d["versions"].update(numpy="1.0")))
    assert found.exit_code == 0
    assert found.tolerance == 1e-3
    assert "numpy was 1.0, is " in found.text()
    found = verify_card(change(card, lambda d: d["machine"].update(processor="Z80")))
    assert "the card was made on Z80" in found.text()


def test_a_changed_model_file_is_told_plainly(card: Path, made: tuple[Path, Result]) -> None:
    other = made[0] / "other" / "mine.py"
    other.parent.mkdir(exist_ok=True)
    other.write_text(MINE.replace("repeat(spread", "repeat(1.1 * spread"))
    found = verify_card(card, model=f"{other}:Mine")
    whats = [difference.what for difference in found.differences]
    assert whats[:2] == ["model's file (sha-256)", "hash of the model (code, file, libraries)"]
    assert "metrics mase" in whats


def test_what_cannot_be_run_again_says_why(
    card: Path, made: tuple[Path, Result], tmp_path: Path
) -> None:
    gone = change(card, lambda d: d["task"].update(file=str(tmp_path / "gone.csv")))
    document = json.loads(gone.read_text())
    task = cardfile.task_of(document["task"])
    gone = change(gone, lambda d: d.update(task_sha256=cardfile.task_hash(task)))
    found = verify_card(gone)
    assert (found.exit_code, found.differences) == (2, ())
    assert "gone.csv" in found.impossible
    moved = verify_card(card, model=f"{tmp_path / 'moved.py'}:Mine")
    assert (moved.exit_code, moved.differences) == (2, ())
    assert "--model" in moved.impossible
    none = verify_card(tmp_path / "none.json")
    assert none.exit_code == 2
    assert "cannot be read" in none.text()


@pytest.mark.usefixtures("known_again")
def test_the_command_ends_with_0_1_or_2(card: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    done = run(app, ["bench", "verify", str(card), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["confirmed"] is True
    change(card, lambda d: d["score"]["metrics"].update(mase=0.5))
    done = run(app, ["bench", "verify", str(card)])
    assert done.exit_code == 1
    assert "metrics mase: the card says 0.5" in done.stdout
    assert run(app, ["bench", "verify", str(tmp_path / "none.json")]).exit_code == 2


def test_cards_make_the_page_of_the_run_that_wrote_them(
    made: tuple[Path, Result], tmp_path: Path
) -> None:
    _, result = made
    write_card(result, tmp_path / "cards")
    joined, refused = write_board(tmp_path / "cards", tmp_path / "board.html")
    assert refused == ()
    assert {s.model for s in joined.tasks[0].models} == {s.model for s in result.tasks[0].models}
    ours = {f.metric: f.kendall_tau for f in joined.rank_flips if f.task == "own"}
    theirs = {f.metric: f.kendall_tau for f in result.rank_flips if f.task == "own"}
    assert theirs
    assert ours == pytest.approx(theirs, nan_ok=True)
    assert "My own series" in (tmp_path / "board.html").read_text(encoding="utf-8")


def test_seconds_are_not_compared(card: Path, known_again: None) -> None:
    changed = change(card, lambda d: d["score"]["cost"].update(train_seconds=1e6))
    assert verify_card(changed).exit_code == 0
    assert math.isclose(read_card(changed).card.score.train_seconds, 1e6)


def test_a_card_of_a_quick_run_is_told_from_the_task_that_comes_along() -> None:
    from seamline_platform.experiments.forecasting.lineup import quick
    from seamline_platform.experiments.forecasting.task import load_task

    whole = load_task("carparts")
    assert cardfile.task_hash(quick(whole)) != cardfile.task_hash(whole)
    assert verify._shipped_hash("carparts") == cardfile.task_hash(whole)
    assert cardfile.task_hash(replace(whole, title="x")) == cardfile.task_hash(whole)
