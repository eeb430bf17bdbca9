"""Result cards: nothing is lost on the way to a file and back, and what was altered is found."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting import cardfile
from seamline_platform.experiments.forecasting.card import (
    cards_of,
    merged,
    read_card,
    read_cards,
    write_card,
)
from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    ModelScore,
    Result,
    Task,
    TaskResult,
    Terms,
)

TASK = Task(
    name="toy", title="A toy", dataset="toy", horizon=3, season_length=7, metric="mase",
    terms=Terms(lead_time=1, unmet="backorder", capacity=1.5), decision_origins=4,
    covariates=("promo",), published={"Naive": {"smape": 12.3}},
)  # fmt: skip


def score(model: str = "Naive", sha256: str = "ab" * 32, mase: float = 1.1) -> ModelScore:
    return ModelScore(
        model, "ok", {"mase": mase, "owa": math.nan}, {"mase": (0.1 + 0.2, 1.2)},
        0.5, 0.25, 0.7, 31.0, "", sha256, {"mase": (0.3, 1 / 3), "rmsse": (1.0, 2.0)},
        ((0.5, 0.4, 0.6),), {"A": ((1.0, 2.0, 3.0),)},
    )  # fmt: skip


def row(model: str = "Naive") -> DecisionRow:
    return DecisionRow(
        "toy", model, 5.0, 4.5, 5.5, 0.93, 2.0, {"holding": 3.0, "lateness": math.nan},
        "paths", {"SeasonalNaive": (-0.1, -0.2, -0.05)}, ((0.9, 12.0, 0.95),),
    )  # fmt: skip


def result(*scores: ModelScore, data: str = "d1", task: Task = TASK) -> Result:
    models = scores or (score(),)
    examples = {"A": ((1.0, 2.0), (3.0, 4.0, math.nan))}
    found = TaskResult(task, models, data, "", examples)
    return Result((found,), tuple(row(s.model) for s in models), (), 7)


def test_a_card_keeps_every_digit_and_what_is_not_a_number(tmp_path: Path) -> None:
    (file,) = write_card(result(), tmp_path)
    read = read_card(file)
    (made,) = cards_of(result())
    assert read.seal_holds
    assert read.card.document() == made.document()
    assert (read.card.task, read.card.data_sha256, read.card.seed) == (TASK, "d1", 7)
    assert read.card.score.intervals == {"mase": (0.1 + 0.2, 1.2)}
    assert read.card.score.per_series == {"mase": (0.3, 1 / 3)}  # the task's metric alone
    assert math.isnan(read.card.score.metrics["owa"])
    assert read.card.decision is not None
    assert math.isnan(read.card.decision.parts["lateness"])
    assert read.card.decision.versus == row().versus
    assert read.card.versions["numpy"]
    assert read.card.machine["cores"] != "0"


def test_a_loose_files_own_hash_is_on_its_card(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"class Mine: ...")
    (file,) = write_card(result(score(f"{tmp_path / 'mine.py'}:Mine")), tmp_path)
    expected = hashlib.sha256(b"class Mine: ...").hexdigest()
    assert read_card(file).card.file_sha256 == expected
    (file,) = write_card(result(score("Naive")), tmp_path)
    assert read_card(file).card.file_sha256 == ""


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    (one,) = write_card(result(), tmp_path / "a")
    (two,) = write_card(result(), tmp_path / "b")
    assert one.read_bytes() == two.read_bytes()


def test_a_changed_number_breaks_the_seal(tmp_path: Path) -> None:
    (file,) = write_card(result(), tmp_path)
    document = json.loads(file.read_text())
    document["score"]["metrics"]["mase"] = 0.9
    file.write_text(json.dumps(document))
    assert not read_card(file).seal_holds


def test_the_tasks_hash_goes_by_what_decides_figures() -> None:
    same = replace(TASK, title="Another title", published={}, tuned_on="nothing")
    assert cardfile.task_hash(same) == cardfile.task_hash(TASK)
    other = replace(TASK, terms=Terms(lead_time=2, unmet="backorder", capacity=1.5))
    assert cardfile.task_hash(other) != cardfile.task_hash(TASK)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(card=2), "version 1: 'card' is 2"),
        (lambda d: d.pop("data_sha256"), "data_sha256"),
        (lambda d: d["task"].update(horizn=3), "horizn"),
        (lambda d: d["task"].pop("horizon"), "not complete"),
        (lambda d: d["score"].update(status="fine"), "'fine'; allowed: ok"),
        (lambda d: d["score"]["metrics"].update(mase="good"), "'good' stands where a number"),
        (lambda d: d["model"].update(spec="Theta"), "not name the same model"),
        (lambda d: d["decision"].update(kost=1.0), "kost"),
    ],
)
def test_a_card_that_is_not_whole_is_refused(tmp_path: Path, change: object, says: str) -> None:
    (file,) = write_card(result(), tmp_path)
    document = json.loads(file.read_text())
    change(document)  # type: ignore[operator]
    file.write_text(json.dumps(document))
    with pytest.raises(ConfigError, match=says):
        read_card(file)


def test_what_is_no_card_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[1, 2")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_card(tmp_path / "x.json")
    with pytest.raises(ConfigError, match="no folder"):
        read_cards(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds no result card"):
        read_cards(tmp_path / "empty")


def test_a_newcomers_card_joins_and_two_files_of_one_name_bear_their_hash(tmp_path: Path) -> None:
    write_card(result(score(), score("mine.py:Mine", "11" * 32)), tmp_path)
    write_card(result(score("mine.py:Mine", "22" * 32, 0.8)), tmp_path)
    joined, refused = merged(read_cards(tmp_path))
    names = ["Naive", "mine.py:Mine [11111111]", "mine.py:Mine [22222222]"]
    assert refused == ()
    assert sorted(s.model for s in joined.tasks[0].models) == names
    assert sorted(r.model for r in joined.decisions) == names


def test_cards_of_another_task_other_data_or_altered_ones_stay_outside(tmp_path: Path) -> None:
    write_card(result(), tmp_path)
    longer = replace(TASK, horizon=4)
    write_card(result(score("Theta"), task=longer), tmp_path)
    write_card(result(score("SES"), data="d2"), tmp_path)
    (file,) = write_card(result(score("MSTL")), tmp_path)
    file.write_text(file.read_text().replace('"rss_mb": 31.0', '"rss_mb": 1.0'))
    joined, refused = merged(read_cards(tmp_path))
    assert [s.model for s in joined.tasks[0].models] == ["Naive"]
    assert len(refused) == 3
    text = " ".join(refused)
    assert "another definition" in text
    assert "other data" in text
    assert "changed after it was written" in text
