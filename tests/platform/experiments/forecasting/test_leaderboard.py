"""The leaderboard: one file, two languages, nothing from outside, and the figures it was given."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    ModelScore,
    OtherTerms,
    RankFlip,
    Result,
    Task,
    TaskResult,
    Terms,
)
from seamline_platform.experiments.forecasting.leaderboard import page_of, write_html
from seamline_platform.experiments.forecasting.leaderboard_charts import missed
from seamline_platform.experiments.forecasting.overall import standings
from seamline_platform.experiments.forecasting.ranks import (
    critical_difference,
    ranks_of,
    series_ranks,
    task_ranks,
)

TASK = Task(
    name="toy", title="A toy & more", dataset="toy", horizon=2, season_length=7, metric="owa",
    terms=Terms(), decision_origins=4, published={"Naive": {"mase": 11.608}, "Smyl": {"owa": 0.44}},
)  # fmt: skip
LOSSES = {"Naive": (3.0, 3.0, 4.0), "SeasonalNaive": (2.0, 1.0, 2.0), "mine.py:Mine": (1.0, 2.0, 1)}


def score(model: str, mase: float) -> ModelScore:
    return ModelScore(
        model, "ok", {"owa": mase / 2, "mase": mase, "coverage_95": 0.9},
        {"owa": (mase / 3, mase)}, 1.0, 0.5, 1.0, 99.0, "", "ab" * 32,
        {"mase": LOSSES[model]}, ((0.1, 0.05, 0.2), (0.5, 0.6, 0.7)),
        {"A": ((1.0, 1.5), (2.0, 2.5), (3.0, 3.5))},
    )  # fmt: skip


def result() -> Result:
    models = (score("Naive", 3.3), score("SeasonalNaive", 1.7), score("mine.py:Mine", 1.3))
    bad = ModelScore("<b>Evil", "leak", {}, {}, 0, 0, 0, 0, "saw <tomorrow>")
    found = TaskResult(TASK, (*models, bad), "d" * 64, "", {"A": ((1.0, 2.0), (3.0, math.nan))})
    rows = (
        DecisionRow("toy", "Naive", 5.0, 4.5, 5.5, 0.93, 2.0, {"holding": 3.0}, "paths",
                    {"SeasonalNaive": (0.2, 0.1, 0.3)}, ((0.9, 12.0, 0.95), (0.95, 14.0, 0.97))),
        DecisionRow("toy", "mine.py:Mine", 4.0, 3.5, 4.5, 0.96, 1.0, {"holding": 2.0}),
        DecisionRow("toy", "<b>Evil", None, None, None, None, None, status="leak", note="no <use>"),
    )  # fmt: skip
    flips = (RankFlip("toy", "owa", -0.25, 3, "Naive", "mine.py:Mine"),)
    other = (
        OtherTerms("toy", "lead_time", "4", "SeasonalNaive", 8.0, 0.9, 2),
        OtherTerms("toy", "lead_time", "4", "mine.py:Mine", 6.0, 0.9, 1, True),
    )
    found = replace(found, left_out={"MSTL": "it has <no> season"})
    skipped = TaskResult(replace(TASK, name="gone"), (), "", "put it into DIR/gone")
    return Result((found, skipped), rows, flips, 7, other, ("Quick: a <subset>.",))


def test_the_page_needs_nothing_from_outside_and_speaks_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "board" / "index.html"
    write_html(result(), file)
    text = file.read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?!#)|url\(|@import|https?:""", text)
    assert text.count('class="en"') == text.count('class="zh"')
    assert "prefers-color-scheme:dark" in text
    assert "width=device-width" in text


def test_names_and_notes_from_outside_are_escaped() -> None:
    text = page_of(result(), ("a<card>.json: no.",))
    assert "<b>Evil" not in text
    assert "&lt;b&gt;Evil" in text
    for raw in ("<tomorrow>", "<use>", "a<card>", "<no>", "<subset>"):
        assert raw not in text
    assert "A toy &amp; more" in text


def test_the_page_shows_the_figures_that_it_was_given() -> None:
    text = page_of(result())
    assert "0.650</b> <small>[0.433, 1.300]" in text  # the best, with its interval
    assert "published 11.608" in text
    assert "saw the future" in text
    assert "+20.0 % [+10.0, +30.0]" in text
    assert "Kendall τ = −0.25" in text
    assert "mine.py:Mine → Naive" in text
    assert ">0.75</span>" in text  # 6 of SeasonalNaive's 8 under another lead time
    assert "put it into DIR/gone" in text
    assert "Smyl OWA 0.44" in text
    for drawing in ("Calibration", "Forecast of A", "Trade-off", "Accuracy and cost"):
        assert f'aria-label="{drawing}"' in text
    assert "Critical differences" not in text  # one task is no 30 blocks


def test_a_run_without_any_number_is_still_a_page() -> None:
    bad = ModelScore("Naive", "failed", {}, {}, 0, 0, 0, 0, "it raised")
    text = page_of(Result((TaskResult(TASK, (bad,)),), (), (), 1))
    assert "it raised" in text
    assert "nan" not in re.sub(r"<[^>]*>", "", text).lower().replace("seasonalnaive", "")


@pytest.mark.parametrize(("models", "q"), [(2, 1.960), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_the_critical_difference_is_the_published_one(models: int, q: float) -> None:
    """Demšar (2006), table 5 (a): two-tailed Nemenyi at 0.05."""
    expected = q * math.sqrt(models * (models + 1) / (6 * 14))
    assert critical_difference(models, 14) == pytest.approx(expected, rel=3e-4)


def test_ranks_share_ties_and_leave_out_blocks_without_a_number() -> None:
    found = ranks_of({"a": (1, 2, 1, math.nan), "b": (1, 1, 2, 0), "c": (3, 3, 3, 0)})
    assert found is not None
    # Ranks of a: 1.5, 2, 1; of b: 1.5, 1, 2; of c: 3, 3, 3.
    assert dict(zip(found.models, found.means, strict=True)) == {"a": 1.5, "b": 1.5, "c": 3.0}
    assert found.blocks == 3
    assert ranks_of({"a": (1.0, 2.0)}) is None
    assert ranks_of({"a": (1.0, 2.0), "b": (1.0,)}) is None


def test_like_the_best_is_what_posthocs_says_too() -> None:
    posthocs = pytest.importorskip("scikit_posthocs")
    draws = np.random.default_rng(4).normal([0.0, 0.1, 0.6, 0.9], 1.0, (40, 4))
    found = ranks_of({name: draws[:, i] for i, name in enumerate("abcd")})
    assert found is not None
    p = posthocs.posthoc_nemenyi_friedman(draws)
    best = "abcd".index(found.models[0])
    for model in found.models[1:]:
        assert found.like_best(model) == (p.iloc[best, "abcd".index(model)] >= 0.05)


def test_cliques_are_the_largest_groups_alone() -> None:
    found = ranks_of({name: tuple(i + 0.01 * j for j in range(30)) for i, name in enumerate("abc")})
    assert found is not None
    assert found.means == (1.0, 2.0, 3.0)
    assert found.critical < 1.0
    assert found.cliques() == ()
    near = replace(found, critical=1.0)
    assert near.cliques() == ((0, 1), (1, 2))
    assert replace(found, critical=2.0).cliques() == ((0, 2),)


def test_a_ratio_of_means_is_ranked_by_mase_and_thirty_tasks_make_a_diagram() -> None:
    (found, _) = result().tasks
    ranks = series_ranks(found)
    assert ranks is not None
    # mine.py 1, 2, 1; SeasonalNaive 2, 1, 2; Naive 3, 3, 3.
    assert ranks.models == ("mine.py:Mine", "SeasonalNaive", "Naive")
    assert ranks.means == pytest.approx((4 / 3, 5 / 3, 3.0))
    thirty = tuple(replace(found, task=replace(TASK, name=f"t{i}")) for i in range(30))
    assert task_ranks(Result(thirty[:29], (), (), 1)) is None
    over = task_ranks(Result(thirty, (), (), 1))
    assert over is not None
    assert (over.blocks, over.models[0]) == (30, "mine.py:Mine")
    assert "Critical differences" in page_of(Result(thirty, (), (), 1))


def test_skill_and_wins_by_hand() -> None:
    def one(name: str, **losses: float) -> TaskResult:
        models = tuple(ModelScore(m, "ok", {"mase": v}, {}, 0, 0, 0, 0) for m, v in losses.items())
        return TaskResult(replace(TASK, name=name, metric="mase"), models)

    tasks = (one("a", SeasonalNaive=2.0, X=1.0, Y=4.0), one("b", SeasonalNaive=1.0, X=2.0))
    rows = {row.model: row for row in standings(Result(tasks, (), (), 1))}
    assert rows["X"].skill.mean == pytest.approx(0.0)  # halves and doubles: the mean is 1
    assert (rows["X"].skill.lo, rows["X"].skill.hi) == pytest.approx((-1.0, 0.5))
    assert rows["Y"].skill.mean == pytest.approx(-1.0)
    assert rows["X"].win_rate.mean == pytest.approx(0.5)  # wins of two, then of none
    assert rows["SeasonalNaive"].win_rate.mean == pytest.approx(0.75)
    assert (rows["X"].tasks, rows["Y"].tasks) == (2, 1)
    assert standings(Result(tasks[:1], (), (), 1)) == ()


def test_a_level_between_both_shares_is_not_missed() -> None:
    assert missed(0.5, 0.4, 0.6) == 0.0
    assert missed(0.5, 0.56, 0.6) == pytest.approx(0.06)
    assert missed(0.5, 0.3, 0.45) == pytest.approx(-0.05)
